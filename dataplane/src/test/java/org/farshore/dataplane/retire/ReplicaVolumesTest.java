package org.farshore.dataplane.retire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Map;
import org.farshore.dataplane.runtime.BlockFile;
import org.farshore.dataplane.runtime.BlockFiles;
import org.farshore.dataplane.runtime.SimulatedDisk;
import org.junit.jupiter.api.Test;

class ReplicaVolumesTest {
    private static final Path DATA = Path.of("/data");
    private static final Path OTHER = Path.of("/disks/one.img");
    private static final long SIZE = 3L << 20;
    private static final int OPERATIONS_MAX = 14;

    private final SimulatedDisk disk = new SimulatedDisk(1);

    @Test
    void shouldMakeASparseReplicaWithItsClaimAndTakeItAgain() throws Exception {
        open(Map.of(), false, "m1", "root", 5).close();
        assertThat(disk.lengthOf(DATA.resolve("m1/root/replica.img"))).isEqualTo(SIZE);
        final ReplicaClaim claim = ReplicaClaim.load(disk, DATA.resolve("m1/root"));
        assertThat(claim.machine()).isEqualTo("m1");
        assertThat(claim.volume()).isEqualTo("root");
        assertThat(claim.sizeBytes()).isEqualTo(SIZE);
        open(Map.of(), false, "m1", "root", 5).close();
    }

    @Test
    void shouldBeThereAfterAPowerCutHoweverOftenMakingItHasFailed() throws Exception {
        for (int first = 1; first < OPERATIONS_MAX; first++) {
            for (int second = 1; second < OPERATIONS_MAX; second++) {
                final SimulatedDisk failing = new SimulatedDisk(1);
                failsAt(failing, first);
                failsAt(failing, second);
                failing.failOperation(Long.MAX_VALUE);
                open(failing, Map.of(), false, "m1", "root", 5).close();
                failing.restart(SimulatedDisk.Survival.NONE);
                assertThat(failing.exists(DATA.resolve("m1/root/replica.img")))
                        .as("replica after failures of operations %d and %d", first, second)
                        .isTrue();
                assertThat(ReplicaClaim.load(failing, DATA.resolve("m1/root"))).isNotNull();
            }
        }
    }

    private static void failsAt(final SimulatedDisk disk, final int operation) {
        disk.failOperation(disk.operations() + operation);
        try {
            open(disk, Map.of(), false, "m1", "root", 5).close();
        } catch (final IOException e) {
            assertThat(e).hasMessageContaining("fail");
        } catch (final ReplicaRefusedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void shouldRefuseTheSameNameForAnotherVolume() throws Exception {
        open(Map.of(), false, "m1", "root", 5).close();
        refused(() -> open(Map.of(), false, "m1", "root", 6), "is the copy of volume");
    }

    @Test
    void shouldRefuseAFileThatHoldsSomethingUnlessItIsAdopted() throws Exception {
        for (final long at : new long[] {0, SIZE - 512, SIZE / 2 / 4096 * 4096}) {
            fill(at);
            refused(() -> open(Map.of("root", OTHER.toString()), false, "m1", "root", 5), "not empty");
        }
        open(Map.of("root", OTHER.toString()), true, "m1", "root", 5).close();
        open(Map.of("root", OTHER.toString()), false, "m1", "root", 5).close();
    }

    @Test
    void shouldRefuseAPathThatAnotherVolumeHasClaimed() throws Exception {
        disk.createDirectories(OTHER.getParent());
        open(Map.of("root", OTHER.toString()), false, "m1", "root", 5).close();
        refused(
                () -> open(Map.of("root", OTHER.toString()), true, "m2", "root", 9),
                "claimed by volume root of machine m1");
    }

    @Test
    void shouldRefuseAReplicaThatTheSettingsMoved() throws Exception {
        open(Map.of(), false, "m1", "root", 5).close();
        refused(() -> open(Map.of("m1.root", OTHER.toString()), false, "m1", "root", 5), "the settings say");
    }

    @Test
    void shouldRefuseADeviceThatIsMissing() {
        refused(() -> open(Map.of("root", "/dev/none"), false, "m1", "root", 5), "does not exist");
    }

    private interface Opening {
        void run() throws IOException, ReplicaRefusedException;
    }

    private static void refused(final Opening opening, final String why) {
        assertThatThrownBy(opening::run)
                .isInstanceOf(ReplicaRefusedException.class)
                .hasMessageContaining(why);
    }

    private ReplicaVolume open(
            final Map<String, String> paths,
            final boolean adopt,
            final String machine,
            final String volume,
            final long uuid)
            throws IOException, ReplicaRefusedException {
        return open(disk, paths, adopt, machine, volume, uuid);
    }

    private static ReplicaVolume open(
            final SimulatedDisk on,
            final Map<String, String> paths,
            final boolean adopt,
            final String machine,
            final String volume,
            final long uuid)
            throws IOException, ReplicaRefusedException {
        return new ReplicaVolumes(on, DATA, paths, adopt).open(machine, volume, uuid, 0, SIZE, 1, false);
    }

    private void fill(final long at) throws IOException {
        disk.createDirectories(OTHER.getParent());
        if (disk.exists(OTHER)) {
            disk.delete(OTHER);
        }
        try (BlockFile file = disk.open(OTHER, BlockFiles.Mode.WRITE)) {
            file.setLength(SIZE);
            file.write(ByteBuffer.wrap(new byte[] {1}), at);
        }
    }
}
