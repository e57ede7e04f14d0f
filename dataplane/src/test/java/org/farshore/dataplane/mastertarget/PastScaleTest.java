package org.farshore.dataplane.mastertarget;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.farshore.dataplane.recover.RecoveryPoint;
import org.farshore.dataplane.recover.RecoveryView;
import org.farshore.dataplane.recover.ViewAccess;
import org.farshore.dataplane.recover.ViewException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A volume of 1 TiB with millions of versions in its window, written through the master target's own receiving path; what a
 * view of it costs, printed. Bytes and steps are asserted, times are not. Smaller as an ordinary test; with ten million
 * versions by {@code ./farshore test --long past-scale}.
 *
 * <p>Every block is written once, with its number and the write's, so that it is known what each moment must show: its bytes
 * when the write is older, else the zeros of the replica.
 */
class PastScaleTest {
    private static final int BLOCK = 4096;
    private static final long BLOCKS = PastScaleRig.VOLUME_BYTES / BLOCK;
    /** Odd, so that no block comes twice. */
    private static final long SCATTER = 0x9E37_79B9_7F4A_7C15L | 1;

    private static final int VIEWS = 100;
    private static final int BATCH = 14;
    private static final int HAMMERED_WHOLE = 1;
    private static final int HAMMERED_PIECES = 2;

    @Test
    void shouldOpenAnyMomentOfALargeVolume(@TempDir final Path directory) throws IOException {
        measure(directory, 100_000, 20_000);
    }

    @Test
    @Tag("slow")
    void shouldOpenAnyMomentOfTenMillionVersions(@TempDir final Path directory) throws IOException {
        measure(directory, 10_000_000, 1_000_000);
    }

    private static void measure(final Path directory, final int writes, final int rewrites) throws IOException {
        try (PastScaleRig rig = new PastScaleRig(directory)) {
            rig.start();
            rig.connect();
            rig.volume(1);
            scatter(rig, writes);
            final List<RecoveryPoint> points = rig.points(1);
            rig.restart();
            firstBytes(rig, points, writes);
            manyViews(rig, points, writes);
            rig.connect();
            rig.volume(2);
            hammer(rig, rewrites, BLOCK, HAMMERED_WHOLE);
            hammer(rig, rewrites, 512, HAMMERED_PIECES);
            discardAll(rig);
        }
    }

    private static long blockOf(final int write) {
        return write * SCATTER & BLOCKS - 1;
    }

    private static byte[] stamped(final int length, final long number) {
        final byte[] bytes = new byte[length];
        ByteBuffer.wrap(bytes)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(number + 1)
                .putLong(~number);
        return bytes;
    }

    private static void scatter(final PastScaleRig rig, final int writes) {
        final long began = System.nanoTime();
        for (int write = 0; write < writes; ) {
            for (int i = 0; i < BATCH && write < writes; i++, write++) {
                rig.write(1, blockOf(write) * BLOCK, stamped(BLOCK, write));
            }
            rig.send();
            if (write / BATCH % (writes / BATCH / VIEWS) == 0) {
                rig.barrier(1, "write " + write);
            }
        }
        rig.barrier(1, "write " + writes);
        rig.settle(1);
        System.out.printf(
                "%,d writes of 4 KiB in %.1f s; journal %,d MiB, index %,d KiB = %.2f %% of the journal, %.2f %% of 4 KiB%n",
                writes,
                PastScaleRig.secondsSince(began),
                rig.journalBytes() >> 20,
                rig.indexBytes() >> 10,
                100.0 * rig.indexBytes() / rig.journalBytes(),
                100.0 * rig.indexBytes() / writes / BLOCK);
        assertThat(rig.indexBytes()).isLessThan(writes / 100L * BLOCK + (64 << 20));
    }

    /** A barrier's label says how many writes are before it. */
    private static int writesAt(final RecoveryPoint point) {
        return Integer.parseInt(point.label().substring(point.label().lastIndexOf(' ') + 1));
    }

    private static void firstBytes(final PastScaleRig rig, final List<RecoveryPoint> points, final int writes)
            throws ViewException {
        final RecoveryPoint point = points.get(points.size() / 2);
        for (final String when : List.of("cold", "warm")) {
            final long began = System.nanoTime();
            try (RecoveryView view = rig.history().volumes().openView(point, PastScaleRig.uuid(1), null);
                    ViewAccess access = view.newAccess()) {
                check(access, point, writesAt(point) / 2, writes);
                System.out.printf("first byte of a view, %s: %.2f ms%n", when, 1e3 * PastScaleRig.secondsSince(began));
            }
        }
    }

    private static void check(final ViewAccess access, final RecoveryPoint point, final int write, final int writes)
            throws ViewException {
        final ByteBuffer bytes = ByteBuffer.allocateDirect(BLOCK);
        access.read(blockOf(write) * BLOCK, bytes);
        final byte[] shown = new byte[BLOCK];
        bytes.flip().get(shown);
        assertThat(shown)
                .as("block of write %d of %d at point %s", write, writes, point.label())
                .isEqualTo(write < writesAt(point) ? stamped(BLOCK, write) : new byte[BLOCK]);
    }

    private static void manyViews(final PastScaleRig rig, final List<RecoveryPoint> points, final int writes)
            throws ViewException {
        final List<RecoveryView> views = new ArrayList<>();
        final List<ViewAccess> accesses = new ArrayList<>();
        final Random random = new Random(1);
        final long before = PastScaleRig.residentBytes();
        final long began = System.nanoTime();
        for (int i = 0; i < VIEWS; i++) {
            views.add(rig.history()
                    .volumes()
                    .openView(points.get(i * points.size() / VIEWS), PastScaleRig.uuid(1), null));
            accesses.add(views.get(i).newAccess());
        }
        final double opened = PastScaleRig.secondsSince(began);
        final int reads = 100 * VIEWS;
        final long reading = System.nanoTime();
        for (int i = 0; i < reads; i++) {
            final int view = random.nextInt(VIEWS);
            check(accesses.get(view), points.get(view * points.size() / VIEWS), random.nextInt(writes), writes);
        }
        System.out.printf(
                "%d views at once: opened in %.1f ms each, %,d random reads of 4 KiB in %.3f ms each; memory %,d to %,d MiB%n",
                VIEWS,
                1e3 * opened / VIEWS,
                reads,
                1e3 * PastScaleRig.secondsSince(reading) / reads,
                before >> 20,
                PastScaleRig.residentBytes() >> 20);
        accesses.forEach(ViewAccess::close);
        views.forEach(RecoveryView::close);
    }

    /** One block again and again, whole or in pieces; any past moment is found in a bounded number of steps. */
    private static void hammer(final PastScaleRig rig, final int rewrites, final int length, final int block)
            throws ViewException {
        final long offset = (long) block * BLOCK;
        for (int write = 0; write < rewrites; ) {
            for (int i = 0; i < BATCH && write < rewrites; i++, write++) {
                rig.write(2, offset + (long) write * length % BLOCK, stamped(length, write));
            }
            rig.send();
            if (write / BATCH % (rewrites / BATCH / VIEWS) == 0) {
                rig.barrier(2, length + " bytes " + write);
            }
        }
        rig.barrier(2, length + " bytes " + rewrites);
        rig.settle(2);
        final Random random = new Random(2);
        long stepsMax = 0;
        long cpuNsMax = 0;
        final List<Long> times = new ArrayList<>();
        for (final RecoveryPoint point : rig.points(2)) {
            if (point.label().startsWith(length + " bytes ") && writesAt(point) >= BLOCK / length) {
                final long began = System.nanoTime();
                final long beganCpu = PastScaleRig.cpuNs();
                final byte[] shown = new byte[BLOCK];
                stepsMax = Math.max(stepsMax, rig.read(point, 2, offset, shown));
                cpuNsMax = Math.max(cpuNsMax, PastScaleRig.cpuNs() - beganCpu);
                times.add(System.nanoTime() - began);
                checkHammered(shown, length, writesAt(point), random.nextInt(BLOCK / length));
            }
        }
        final double bound = 3 * Math.log(rewrites) / Math.log(2) + 8;
        times.sort(null);
        System.out.printf(
                "%,d rewrites of %d bytes: %d steps at most (bound %.0f for one lookup); opened and read in %.2f ms,"
                        + " %.2f at most (processor %.2f)%n",
                rewrites,
                length,
                stepsMax,
                bound,
                times.get(times.size() / 2) / 1e6,
                times.get(times.size() - 1) / 1e6,
                cpuNsMax / 1e6);
        assertThat((double) stepsMax).isLessThanOrEqualTo(bound * BLOCK / length);
    }

    /** The newest write of each piece is one of the last {@code BLOCK / length}. */
    private static void checkHammered(final byte[] shown, final int length, final long writes, final int piece) {
        final int pieces = BLOCK / length;
        final long last = writes - 1;
        final long newest = last - Math.floorMod(last - piece, (long) pieces);
        final byte[] bytes = new byte[length];
        System.arraycopy(shown, piece * length, bytes, 0, length);
        assertThat(bytes).as("piece %d behind %d writes", piece, writes).isEqualTo(stamped(length, newest));
    }

    private static void discardAll(final PastScaleRig rig) {
        final long before = rig.indexVersions();
        rig.discard(1, PastScaleRig.VOLUME_BYTES);
        rig.send();
        rig.barrier(1, "");
        rig.settle(1);
        final long grown = (rig.indexVersions() - before) * 32;
        System.out.printf("discard of 1 TiB: %,d bytes more in the index%n", grown);
        assertThat(grown).isLessThan(64 << 10);
    }
}
