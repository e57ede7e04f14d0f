package org.farshore.agent.capture;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.farshore.dataplane.runtime.BlockFile;
import org.farshore.dataplane.runtime.BlockFiles;
import org.farshore.dataplane.runtime.ChannelBlockFiles;
import org.farshore.dataplane.runtime.SystemEntropy;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileCaptureSourceTest {
    private static final int SIZE = 5 * 1024 * 1024 + 512;
    private static final int STEPS_MAX = 10_000;

    @TempDir
    Path folder;

    private final BlockFiles files = new ChannelBlockFiles();
    private FileCaptureSource source;
    private ShadowReplica shadow;
    private BlockFile volume;
    private BlockFile reading;
    private BlockFile copy;

    @BeforeEach
    void open() throws IOException {
        volume = files.open(folder.resolve("volume"), BlockFiles.Mode.WRITE);
        volume.setLength(SIZE);
        copy = files.open(folder.resolve("copy"), BlockFiles.Mode.WRITE);
        copy.setLength(SIZE);
        reading = files.open(folder.resolve("volume"), BlockFiles.Mode.READ);
        final String path = folder.resolve("volume").toString();
        final VolumeDevice device = new VolumeDevice(0, "v", 1, 1, path, SIZE, reading);
        source = new FileCaptureSource(List.of(device), files, new SystemEntropy(), 0);
        source.open();
        shadow = new ShadowReplica(source);
        shadow.follow(device, copy, 2L * SIZE);
        shadow.begin();
    }

    @AfterEach
    void close() {
        source.close();
        volume.close();
        reading.close();
        copy.close();
    }

    private void write(final long offset, final int length, final int value) throws IOException {
        final ByteBuffer bytes = ByteBuffer.allocate(length);
        java.util.Arrays.fill(bytes.array(), (byte) value);
        volume.write(bytes, offset);
    }

    private void converge() throws IOException {
        int steps = 0;
        do {
            shadow.step();
            assertThat(++steps).as("steps").isLessThan(STEPS_MAX);
        } while (!shadow.isConverged());
    }

    private void assertEqual() throws IOException {
        assertThat(Files.mismatch(folder.resolve("volume"), folder.resolve("copy")))
                .isEqualTo(-1);
    }

    @Test
    void convergesAfterAPassThatFoundNothing() throws IOException {
        write(4096, 8192, 1);
        converge();
        assertEqual();
        assertThat(source.passCount()).isEqualTo(1);
    }

    @Test
    void isNotConvergedBeforeSuchAPass() throws IOException {
        while (source.todo(0).cardinality() != 0) {
            shadow.step();
        }
        assertThat(source.anyLost(0)).isTrue();
        assertThat(shadow.isConverged()).isFalse();
    }

    @Test
    void findsASectorThatChanged() throws IOException {
        converge();
        final long epoch = source.gapEpoch();
        write(SIZE - 512, 512, 7);
        write(1 << 20, 512, 8);
        for (long passes = source.passCount(); source.passCount() == passes; ) {
            shadow.step();
        }
        shadow.step();
        assertThat(source.gapEpoch()).isEqualTo(epoch + 1);
        converge();
        assertEqual();
    }

    @Test
    void findsWhatChangedBehindTheReader() throws IOException {
        // The read takes the old content after the pass began to see the new one, or the other way about: never the
        // scan decides.
        while (source.todo(0).cardinality() != 0) {
            shadow.step();
            write(0, 4096, (int) source.todo(0).cardinality());
        }
        converge();
        assertEqual();
    }

    @Test
    void cutsStandForTheBeginOfTheCleanPass() throws IOException {
        converge();
        final long cut = source.cutTimeNs(System.nanoTime());
        assertThat(cut).isLessThan(System.nanoTime());
        write(0, 512, 3);
        converge();
        assertThat(source.cutTimeNs(System.nanoTime())).isGreaterThan(cut);
    }

    @Test
    void waitsUntilWhatWasReadIsDurable() throws IOException {
        converge();
        source.sent(0).setRange(3, 1);
        final long passes = source.passCount();
        for (int i = 0; i < 100; i++) {
            assertThat(source.doWork(System.nanoTime())).isZero();
        }
        assertThat(source.passCount()).isEqualTo(passes);
        assertThat(source.anyLost(0)).isTrue();
    }

    @Test
    void tellsWhatAPassHadFoundWhenItIsGivenUp() throws IOException {
        converge();
        final long epoch = source.gapEpoch();
        write(0, 512, 7);
        source.doWork(System.nanoTime());
        assertThat(source.anyLost(0)).isTrue();

        source.sent(0).setRange(3, 1);
        source.doWork(System.nanoTime());
        assertThat(source.gapEpoch()).isEqualTo(epoch + 1);

        source.sent(0).clearRange(3, 1);
        converge();
        assertEqual();
    }

    @Test
    void followsAVolumeThatGrows() throws IOException {
        converge();
        final long size = SIZE + (1 << 20);
        volume.setLength(size);
        copy.setLength(size);
        write(size - 4096, 4096, 9);
        assertThat(source.grow(0, size)).isTrue();
        converge();
        assertEqual();
    }
}
