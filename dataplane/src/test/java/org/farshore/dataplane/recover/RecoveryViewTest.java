package org.farshore.dataplane.recover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.Supplier;
import org.farshore.dataplane.codecs.replication.ExtentKind;
import org.farshore.dataplane.codecs.replication.StateReason;
import org.farshore.dataplane.codecs.replication.WriteOrder;
import org.farshore.dataplane.index.VersionIndex;
import org.farshore.dataplane.index.VersionIndexContext;
import org.farshore.dataplane.runtime.BlockFile;
import org.farshore.dataplane.runtime.BlockFiles;
import org.farshore.dataplane.runtime.HeapCounters;
import org.farshore.dataplane.runtime.ReplicationCounter;
import org.farshore.dataplane.runtime.SeededEntropy;
import org.farshore.dataplane.runtime.SimulatedDisk;
import org.farshore.dataplane.ship.MessageWriter.Extent;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RecoveryViewTest {
    private static final int SIZE = 256 * 4096;
    private static final Path BASE = Path.of("/target/base/v1");
    private static final Set<java.util.UUID> ALL = Set.of();
    private static final Path VIEWS = Path.of("/target/views");

    private final SimulatedDisk disk = new SimulatedDisk(1);
    private final StreamRig stream = new StreamRig(disk, 1, 6);
    private final HeapCounters counters = new HeapCounters();
    private final Random random = new Random(1);
    private ViewLeases leases;
    private RecoveryPoints points;
    private VersionIndex index;
    private DecodedFrames frames;
    private long nowNs;

    @BeforeEach
    void begin() throws IOException {
        disk.createDirectories(BASE.getParent());
        disk.createDirectories(VIEWS);
        try (BlockFile file = disk.open(BASE, BlockFiles.Mode.WRITE)) {
            file.setLength(SIZE);
        }
        stream.open();
        stream.connect();
        leases = new ViewLeases(stream.state.floor());
        points = RecoveryPoints.open(
                disk, StreamRig.STREAM, stream.state, stream.durable(), leases, stream.journal::newReader);
        index = newIndex("index");
        frames = newFrames();
        stream.append(stream.messages.volumeAdded(1, 1, SIZE, "v1"), 1);
        stream.append(stream.messages.volumeState(1, WriteOrder.ORDERED, StateReason.CONVERGED), 2);
    }

    private VersionIndex newIndex(final String directory) {
        return new VersionIndex(new VersionIndexContext()
                .files(disk)
                .directory(StreamRig.STREAM.resolve(directory))
                .journal(stream.context, stream.journal)
                .machine("rig")
                .horizonSegment(1)
                .pagesPerFile(8)
                .conclude());
    }

    private DecodedFrames newFrames() {
        return new DecodedFrames(
                stream.journal::newFetcher,
                new FrameMemory(0),
                counters.newCounter(ReplicationCounter.VIEW_FRAME_HITS, ""),
                counters.newCounter(ReplicationCounter.VIEW_FRAMES_DECODED, ""));
    }

    private long write(final Extent... extents) {
        final long first = stream.messages.nextSequence();
        return stream.append(stream.messages.batch(extents), first);
    }

    private byte[] bytes(final int length) {
        final byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }

    private RecoveryPoint barrier() {
        final long first = stream.messages.nextSequence();
        stream.append(stream.messages.barrier(1), first);
        stream.settle();
        stream.follow(points.position(), points.follower());
        while (index.indexedPosition() < stream.durable()) {
            turn();
        }
        return points.latest(ALL).point();
    }

    private void turn() {
        nowNs += 1_000_000;
        index.doWork(nowNs);
    }

    private RecoveryView view(final RecoveryPoint point) throws IOException {
        return view(point, () -> new IndexVersions(index, 1, point));
    }

    private RecoveryView view(final RecoveryPoint point, final Supplier<Versions> versions) throws IOException {
        return new RecoveryView(
                "view",
                SIZE,
                disk.open(BASE, BlockFiles.Mode.READ),
                versions,
                frames,
                ViewOverlay.create(disk, VIEWS, "v1", SIZE, new SeededEntropy(1)),
                leases.hold(point.heldPosition(), "view"),
                counters.newCounter(ReplicationCounter.VIEW_READ_ERRORS, ""),
                counters.newCounter(ReplicationCounter.VIEWS_FULL, ""));
    }

    private static byte[] read(final ViewAccess access, final long offset, final int length) throws ViewException {
        final ByteBuffer target = ByteBuffer.allocate(length);
        access.read(offset, target);
        return target.array();
    }

    @Test
    void aMomentWhoseVersionsAreAllRetiredIsStillThere() throws IOException {
        final byte[] content = bytes(512);
        write(Extent.write(1, 8192, content));
        RecoveryPoint point = barrier();
        while (point.position() / StreamRig.SEGMENT_LENGTH < 2) {
            point = barrier();
        }
        final RecoveryPoint next = barrier();
        final ViewAccess access = view(point).newAccess();
        assertThat(read(access, 8192, 512)).isEqualTo(content);
        write(Extent.write(1, 8192, bytes(4096)));
        barrier();
        assertThat(leases.raiseFloor(next.position())).isEqualTo(point.position());
        try (BlockFile file = disk.open(BASE, BlockFiles.Mode.WRITE)) {
            file.write(ByteBuffer.wrap(content), 8192);
            file.sync();
        }
        final long segment = point.position() / StreamRig.SEGMENT_LENGTH;
        index.raiseHorizon(segment);
        while (index.horizonSegment() < segment) {
            turn();
        }
        assertThat(read(access, 8192, 512)).isEqualTo(content);
    }

    @Test
    void aDamagedFrameIsAnErrorWithItsPlaceAndNothingElse() throws IOException {
        final long position = write(Extent.write(1, 8192, bytes(4096)));
        final long healthy = write(Extent.write(1, 16384, bytes(4096)));
        final ViewAccess access = view(barrier()).newAccess();
        final Path segment = StreamRig.STREAM.resolve("journal/segment-00000");
        disk.flip(segment, position - StreamRig.SEGMENT_LENGTH + 300, 1);
        final ByteBuffer target = ByteBuffer.allocate(8192);
        final ViewException damage = catchThrowableOfType(() -> access.read(5000, target), ViewException.class);
        assertThat(damage.reason()).isEqualTo(ViewException.Cause.FRAME_DAMAGED);
        assertThat(damage.offset()).isEqualTo(8192);
        assertThat(damage.journalPosition()).isEqualTo(position);
        assertThat(counters.get(ReplicationCounter.VIEW_READ_ERRORS, "")).isEqualTo(1);
        assertThat(target.position()).isEqualTo(8192 - 5000);
        assertThat(healthy).isGreaterThan(position);
        read(access, 16384, 4096);
        disk.flip(segment, position - StreamRig.SEGMENT_LENGTH + 300, 1);
        read(access, 8192, 4096);
    }

    @Test
    void aMomentBehindJournalThatTheIndexCouldNotReadIsAnError() throws IOException {
        write(Extent.write(1, 8192, bytes(4096)));
        final RecoveryPoint before = barrier();
        final long position = write(Extent.write(1, 8192, bytes(4096)));
        final RecoveryPoint behind = barrier();
        final byte[] shown = read(view(before).newAccess(), 8192, 4096);
        disk.flip(StreamRig.STREAM.resolve("journal/segment-00000"), position - StreamRig.SEGMENT_LENGTH + 300, 1);
        index = newIndex("another-index");
        while (index.indexedPosition() < stream.durable()) {
            turn();
        }
        assertThat(index.lostJournal()).hasSize(1);
        disk.delete(VIEWS.resolve("v1.present"));
        disk.delete(VIEWS.resolve("v1.overlay"));
        final ViewAccess access = view(behind).newAccess();
        for (final int offset : new int[] {8192, 65_536}) {
            final ViewException damage = catchThrowableOfType(() -> read(access, offset, 512), ViewException.class);
            assertThat(damage.reason()).isEqualTo(ViewException.Cause.FRAME_DAMAGED);
            assertThat(damage.offset()).isEqualTo(offset);
            assertThat(damage.journalPosition()).isEqualTo(position);
        }
        assertThat(counters.get(ReplicationCounter.VIEW_READ_ERRORS, "")).isEqualTo(2);
        disk.delete(VIEWS.resolve("v1.present"));
        disk.delete(VIEWS.resolve("v1.overlay"));
        assertThat(read(view(before).newAccess(), 8192, 4096)).isEqualTo(shown);
    }

    @Test
    void everyFlippedByteOfAFrameIsFound() throws IOException {
        final byte[] content = bytes(2048);
        stream.messages.compress(true);
        final long position = write(Extent.write(1, 0, content), Extent.write(1, 4096, new byte[2048]));
        final ViewAccess access = view(barrier()).newAccess();
        final Path segment = StreamRig.STREAM.resolve("journal/segment-00000");
        for (int i = 0; i < 128 + 2048; i += 7) {
            final long at = position - StreamRig.SEGMENT_LENGTH + i;
            disk.flip(segment, at, 1 << i % 8);
            assertThat(catchThrowableOfType(() -> read(access, 0, 512), ViewException.class))
                    .as("byte %d", i)
                    .isNotNull();
            disk.flip(segment, at, 1 << i % 8);
        }
        assertThat(read(access, 0, 2048)).isEqualTo(content);
    }

    @Test
    void aFrameThatIsGoneIsLookedUpAgain() throws IOException {
        write(Extent.write(1, 0, bytes(4096)));
        final RecoveryPoint point = barrier();
        final int[] lookups = {0};
        final Versions late = new Versions() {
            @Override
            public void find(final long offset, final long length, final ViewPieces pieces) {
                if (lookups[0]++ == 0) {
                    pieces.onJournal(offset, length, 1000L * StreamRig.SEGMENT_LENGTH + 4096, 0);
                } else {
                    pieces.onBase(offset, length);
                }
            }

            @Override
            public void close() {
                // Nothing is held.
            }
        };
        assertThat(read(view(point, () -> late).newAccess(), 0, 4096)).isEqualTo(new byte[4096]);
        assertThat(lookups[0]).isEqualTo(2);
        assertThat(counters.get(ReplicationCounter.VIEW_READ_ERRORS, "")).isZero();
    }

    @Test
    void anIndexThatPointsAtNothingForeverIsAnError() throws IOException {
        final RecoveryPoint point = barrier();
        final Versions wrong = new Versions() {
            @Override
            public void find(final long offset, final long length, final ViewPieces pieces) {
                pieces.onJournal(offset, length, 1000L * StreamRig.SEGMENT_LENGTH + 4096, 0);
            }

            @Override
            public void close() {
                // Nothing is held.
            }
        };
        final ViewAccess access = view(point, () -> wrong).newAccess();
        final ViewException e = catchThrowableOfType(() -> read(access, 0, 4096), ViewException.class);
        assertThat(e.reason()).isEqualTo(ViewException.Cause.FRAME_DAMAGED);
    }

    @Test
    void aClientThatAsksForHolesAndReadsInPiecesIsLookedUpOnce() throws IOException {
        write(Extent.write(1, 8192, bytes(16384)));
        final RecoveryPoint point = barrier();
        final int[] lookups = {0};
        final Versions index1 = new IndexVersions(index, 1, point);
        final Versions counting = new Versions() {
            @Override
            public void find(final long offset, final long length, final ViewPieces pieces) throws ViewException {
                lookups[0]++;
                index1.find(offset, length, pieces);
            }

            @Override
            public void close() {
                index1.close();
            }
        };
        final byte[] whole = read(view(point).newAccess(), 0, 65536);
        final ViewAccess access = view(point, () -> counting).newAccess();
        access.blockStatus(0, 65536, (length, isZero) -> true);
        for (int at = 0; at < 65536; at += 5000) {
            final int length = Math.min(5000, 65536 - at);
            assertThat(read(access, at, length)).isEqualTo(Arrays.copyOfRange(whole, at, at + length));
        }
        assertThat(lookups[0]).isEqualTo(1);
    }

    @Test
    void blockStatusTellsZerosFromTheJournalAndFromTheOverlay() throws IOException {
        write(Extent.write(1, 0, bytes(4096)), Extent.empty(1, ExtentKind.DISCARD, 8192, 8192));
        final ViewAccess access = view(barrier()).newAccess();
        access.zero(32768, 4096);
        access.writeZeros(40960, 4096);
        final List<String> stretches = new ArrayList<>();
        final long[] at = {0};
        access.blockStatus(0, SIZE, (length, isZero) -> {
            if (isZero) {
                stretches.add(at[0] + "+" + length);
            }
            at[0] += length;
            return true;
        });
        assertThat(at[0]).isEqualTo(SIZE);
        assertThat(stretches).containsExactly("8192+8192", "32768+4096");
    }

    @Test
    void aReadAllocatesNothing() throws IOException {
        for (int i = 0; i < 8; i++) {
            write(Extent.write(1, i * 8192L, bytes(4096)));
        }
        final ViewAccess access = view(barrier()).newAccess();
        access.write(100 * 512, ByteBuffer.wrap(bytes(3000)));
        final ByteBuffer target = ByteBuffer.allocateDirect(SIZE);
        for (int i = 0; i < 20_000; i++) {
            access.read(0, target.clear().limit(65536));
        }
        final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        final long before = threads.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < 1000; i++) {
            access.read(0, target.clear().limit(65536));
        }
        assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(20_000);
        assertThat(counters.get(ReplicationCounter.VIEW_FRAMES_DECODED, "")).isEqualTo(8);
    }

    @Test
    void framesInMemoryAreBoundedAndAllComeBack() throws IOException {
        final byte[] content = new byte[SIZE];
        random.nextBytes(content);
        for (int at = 0; at < SIZE; at += 512) {
            Arrays.fill(content, at, at + 256, (byte) at);
        }
        stream.messages.compress(true);
        final int batch = 15 * 4096;
        for (int at = 0; at < SIZE; at += batch) {
            final int length = Math.min(batch, SIZE - at);
            write(Extent.write(1, at, Arrays.copyOfRange(content, at, at + length)));
        }
        final ViewAccess access = view(barrier()).newAccess();
        for (int i = 0; i < 300; i++) {
            final int offset = random.nextInt(SIZE);
            final int length = 1 + random.nextInt(SIZE - offset);
            assertThat(read(access, offset, length)).isEqualTo(Arrays.copyOfRange(content, offset, offset + length));
        }
        assertThat(counters.get(ReplicationCounter.VIEW_FRAMES_DECODED, "")).isGreaterThan(SIZE / batch + 1);
    }

    @Test
    void aFullDiskRaisesTheAlarmUntilAWriteFindsRoom() throws IOException {
        write(Extent.write(1, 0, bytes(8192)));
        try (RecoveryView view = view(barrier());
                ViewAccess access = view.newAccess()) {
            access.write(0, ByteBuffer.wrap(bytes(4096)));
            disk.capacity(0);
            for (int i = 0; i < 2; i++) {
                assertThatThrownBy(() -> access.write(16384, ByteBuffer.wrap(bytes(4096))))
                        .isInstanceOfSatisfying(
                                ViewException.class,
                                e -> assertThat(e.reason()).isEqualTo(ViewException.Cause.DISK_FULL));
                assertThat(counters.get(ReplicationCounter.VIEWS_FULL, "")).isOne();
            }
            access.write(0, ByteBuffer.wrap(bytes(4096)));
            assertThat(counters.get(ReplicationCounter.VIEWS_FULL, ""))
                    .as("where there was a block there is room")
                    .isOne();
            disk.capacity(Long.MAX_VALUE);
            access.write(16384, ByteBuffer.wrap(bytes(4096)));
            assertThat(counters.get(ReplicationCounter.VIEWS_FULL, "")).isZero();
        }
    }
}
