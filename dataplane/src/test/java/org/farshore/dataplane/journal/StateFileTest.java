package org.farshore.dataplane.journal;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;
import org.farshore.dataplane.codecs.journal.MessageHeaderEncoder;
import org.farshore.dataplane.codecs.journal.StateRecordDecoder;
import org.farshore.dataplane.runtime.BlockFile;
import org.farshore.dataplane.runtime.BlockFiles;
import org.farshore.dataplane.runtime.Crc32c;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;
import org.farshore.dataplane.runtime.SimulatedCrash;
import org.farshore.dataplane.runtime.SimulatedDisk;
import org.farshore.dataplane.runtime.SimulatedDisk.Survival;
import org.junit.jupiter.api.Test;

class StateFileTest {
    private static final Path STREAM = Path.of("/target/stream");
    private static final Path STATE = STREAM.resolve(StateFile.NAME);

    private final SimulatedDisk disk = new SimulatedDisk(9);

    StateFileTest() {
        disk.createDirectories(STREAM);
    }

    private static StreamState state(final long sequence) {
        return new StreamState(
                1,
                2,
                1 << 20,
                3,
                4,
                5,
                6,
                7,
                8,
                9,
                sequence,
                10,
                11,
                List.of(new VolumeState(1, 12, 13, 1L << 40, "root", 2, true)));
    }

    private StreamState load() {
        return new StateFile(disk, STREAM).load();
    }

    @Test
    void nothingIsThereAtFirst() {
        assertThat(load()).isNull();
    }

    @Test
    void whatWasStoredIsLoaded() {
        final StateFile file = new StateFile(disk, STREAM);
        for (long sequence = 0; sequence < 5; sequence++) {
            file.store(state(sequence));
            assertThat(load()).isEqualTo(state(sequence));
        }
    }

    @Test
    void sixtyFourVolumesWithLongNamesFit() {
        final List<VolumeState> volumes = new ArrayList<>();
        for (int i = 0; i < StateFile.VOLUMES_MAX; i++) {
            volumes.add(new VolumeState(i, i, i, 4096, "v".repeat(StateFile.VOLUME_NAME_LENGTH_MAX), 1, false));
        }
        final StreamState many = new StreamState(1, 2, 1 << 20, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, volumes);
        new StateFile(disk, STREAM).store(many);
        assertThat(load()).isEqualTo(many);
    }

    @Test
    void windowOfThePastIsKept() {
        final StreamState windowed = state(3).withRetentionWindow(5_000_000_000L);
        new StateFile(disk, STREAM).store(windowed);
        assertThat(load()).isEqualTo(windowed);
    }

    @Test
    void recordOfVersion0HasNoWindow() throws IOException {
        new StateFile(disk, STREAM).store(state(3).withRetentionWindow(7));
        makeOlder(0, StateRecordDecoder.retentionWindowNsEncodingOffset());
        assertThat(load()).isEqualTo(state(3));
    }

    @Test
    void recordOfVersion1HasLostNoJournal() throws IOException {
        new StateFile(disk, STREAM).store(state(3).withRetentionWindow(7));
        makeOlder(1, StateRecordDecoder.journalLostEncodingOffset());
        assertThat(load()).isEqualTo(state(3).withRetentionWindow(7));
        assertThat(load().journalLost()).isFalse();
    }

    /** The stored record as an earlier version would have written it, with a shorter block. */
    private void makeOlder(final int version, final int blockLength) throws IOException {
        final UnsafeBuffer old = new UnsafeBuffer(ByteBuffer.allocateDirect(StateFile.COPY_LENGTH));
        try (BlockFile file = disk.open(STATE, BlockFiles.Mode.WRITE)) {
            file.read(old.byteBuffer(), 0);
            final int end = MessageHeaderEncoder.ENCODED_LENGTH + blockLength;
            final int added = StateRecordDecoder.BLOCK_LENGTH - blockLength;
            old.putBytes(end, old, end + added, StateFile.COPY_LENGTH - end - added);
            new MessageHeaderEncoder().wrap(old, 0).blockLength(blockLength).version(version);
            final int checksum = MessageHeaderEncoder.ENCODED_LENGTH;
            old.putInt(checksum, Crc32c.computeAround(old, 0, StateFile.COPY_LENGTH, checksum), LITTLE_ENDIAN);
            file.write(old.byteBuffer().clear(), 0);
        }
    }

    @Test
    void stopAtAnyMomentLeavesTheLastStoredStateOrTheOneBeingStored() {
        for (int operation = 1; operation <= 12; operation++) {
            for (final Survival survival : Survival.values()) {
                final SimulatedDisk crashing = new SimulatedDisk(operation);
                crashing.createDirectories(STREAM);
                crashing.crashAtOperation(operation);
                long stored = -1;
                try {
                    final StateFile file = new StateFile(crashing, STREAM);
                    for (long sequence = 0; sequence < 9; sequence++) {
                        file.store(state(sequence));
                        stored = sequence;
                    }
                } catch (final SimulatedCrash crash) {
                    crashing.restart(survival);
                }
                final StreamState loaded = new StateFile(crashing, STREAM).load();
                assertThat(loaded == null ? -1 : loaded.appliedSequence()).isBetween(stored, stored + 1);
            }
        }
    }

    @Test
    void flippedByteLeavesTheOtherCopyAndIsReported() {
        final StateFile file = new StateFile(disk, STREAM);
        file.store(state(1));
        file.store(state(2));
        for (int offset = 0; offset < StateFile.COPY_LENGTH; offset += 17) {
            disk.flip(STATE, StateFile.COPY_LENGTH + offset, 0x40);
            final StateFile damaged = new StateFile(disk, STREAM);
            assertThat(damaged.load()).isEqualTo(state(1));
            assertThat(damaged.isOneCopyDamaged()).isTrue();
            disk.flip(STATE, StateFile.COPY_LENGTH + offset, 0x40);
        }
        assertThat(load()).isEqualTo(state(2));
    }

    @Test
    void twoDamagedCopiesAreRefused() {
        final StateFile file = new StateFile(disk, STREAM);
        file.store(state(1));
        file.store(state(2));
        disk.flip(STATE, 30, 1);
        disk.flip(STATE, StateFile.COPY_LENGTH + 30, 1);
        assertThatThrownBy(this::load)
                .isInstanceOfSatisfying(
                        FarshoreException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.STORAGE));
    }

    @Test
    void afterAFailedSyncTheFileIsNotWrittenAgain() {
        final StateFile file = new StateFile(disk, STREAM);
        file.store(state(1));
        disk.failOperation(disk.operations() + 2);
        assertThatThrownBy(() -> file.store(state(2))).isInstanceOf(FarshoreException.class);
        final long operations = disk.operations();
        assertThatThrownBy(() -> file.store(state(3))).isInstanceOf(FarshoreException.class);
        assertThat(disk.operations()).isEqualTo(operations);
    }
}
