package org.farshore.dataplane.retire;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.agrona.concurrent.UnsafeBuffer;
import org.farshore.dataplane.codecs.replication.ExtentKind;
import org.farshore.dataplane.runtime.BlockFile;
import org.farshore.dataplane.runtime.BlockFiles;
import org.farshore.dataplane.runtime.SimulatedDisk;
import org.farshore.dataplane.ship.MessageWriter;
import org.farshore.dataplane.ship.RecordMessage;
import org.farshore.dataplane.ship.StreamLimits;
import org.junit.jupiter.api.Test;

class ApplyBatchTest {
    private static final int SIZE = 2 << 20;

    private final ApplyBatch batch = new ApplyBatch(8 << 20);

    @Test
    void shouldLeaveWhatARowOfWritesWouldHaveLeft() throws Exception {
        for (int seed = 0; seed < 20; seed++) {
            play(new Random(seed), new SimulatedDisk(seed));
        }
    }

    @Test
    void shouldTakeTheLargestMessageWhenItIsEmpty() throws Exception {
        // Otherwise the apply stage would wait for room for ever, and the sender behind it.
        final int smallest = 4 << 20;
        for (int sectors = 1; sectors <= 600; sectors++) {
            final ApplyBatch empty = new ApplyBatch(smallest);
            empty.begin(new ArrayList<>());
            assertThat(empty.hasRoomFor(zeros(StreamLimits.BATCH_EXTENTS_MAX, sectors * 512L)))
                    .as("%d sectors", sectors)
                    .isTrue();
        }
    }

    private static RecordMessage zeros(final int extents, final long length) {
        final MessageWriter writer = new MessageWriter(1, 2).begin(1, 1, 1, 0);
        final List<MessageWriter.Extent> list = new ArrayList<>();
        for (int i = 0; i < extents; i++) {
            list.add(MessageWriter.Extent.empty(1, ExtentKind.DISCARD, i * (1L << 20) + 4096 - 512, length));
        }
        writer.batch(list);
        final RecordMessage message = new RecordMessage();
        assertThat(message.wrap(writer.buffer(), 0, writer.length())).isNull();
        return message;
    }

    @Test
    void shouldWriteNeighboursAsOneRunInOrder() throws Exception {
        final List<String> runs = new ArrayList<>();
        final WriteArena arena = new WriteArena(1 << 20);
        final RunWriter writer = new RunWriter(arena, new RunWriter.Sink() {
            @Override
            public void write(final int replica, final long offset, final ByteBuffer bytes) {
                runs.add("write " + replica + " " + offset + " " + bytes.remaining());
            }

            @Override
            public void zero(final int replica, final long offset, final long length) {
                runs.add("zero " + replica + " " + offset + " " + length);
            }
        });
        final UnsafeBuffer bytes = new UnsafeBuffer(ByteBuffer.allocateDirect(4096));
        for (int block = 31; block >= 0; block--) {
            arena.write(1, block * 4096L, bytes, 0, 4096);
        }
        arena.write(0, 512, bytes, 0, 1024);
        arena.write(1, 40 * 4096L + 512, bytes, 0, 512);
        arena.zero(1, 64 * 4096L, 32 * 4096L);
        writer.begin();
        while (!writer.step(1 << 30)) {
            Thread.onSpinWait();
        }
        assertThat(runs)
                .containsExactly(
                        "write 0 512 1024",
                        "write 1 0 " + 32 * 4096,
                        "write 1 " + (40 * 4096 + 512) + " 512",
                        "zero 1 " + 64 * 4096 + " " + 32 * 4096);
    }

    private void play(final Random random, final SimulatedDisk disk) throws Exception {
        final ReplicaVolumes volumes = new ReplicaVolumes(disk, Path.of("/data"), Map.of(), false);
        final ReplicaVolume replica = volumes.open("m", "v", 1, 0, SIZE, 1, false);
        final byte[] oracle = new byte[SIZE];
        final UnsafeBuffer source = new UnsafeBuffer(ByteBuffer.allocateDirect(1 << 16));
        for (int round = 0; round < 3; round++) {
            batch.begin(new ArrayList<>(List.of(replica)));
            for (int i = 0; i < 150; i++) {
                final boolean isWrite = random.nextInt(4) > 0;
                final int sectors = 1 + random.nextInt(isWrite ? 100 : random.nextBoolean() ? 100 : 2000);
                final int offset = 512 * random.nextInt(SIZE / 512 - sectors + 1);
                final int length = 512 * sectors;
                if (isWrite) {
                    final byte[] bytes = new byte[length];
                    random.nextBytes(bytes);
                    source.putBytes(0, bytes);
                    batch.write(0, offset, source, 0, length);
                    System.arraycopy(bytes, 0, oracle, offset, length);
                } else {
                    batch.zero(0, RecordMessage.ZERO, offset, length);
                    Arrays.fill(oracle, offset, offset + length, (byte) 0);
                }
            }
            writeOut();
            if (random.nextBoolean()) {
                writeOut();
            }
            assertThat(Arrays.equals(read(disk), oracle)).as("round " + round).isTrue();
        }
    }

    private void writeOut() throws IOException {
        batch.beginWrite();
        while (!batch.writeStep()) {
            Thread.onSpinWait();
        }
    }

    private static byte[] read(final SimulatedDisk disk) throws IOException {
        try (BlockFile file = disk.open(Path.of("/data/m/v/replica.img"), BlockFiles.Mode.READ)) {
            final byte[] bytes = new byte[(int) file.length()];
            file.read(ByteBuffer.wrap(bytes), 0);
            return bytes;
        }
    }
}
