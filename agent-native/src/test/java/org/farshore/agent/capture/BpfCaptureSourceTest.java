package org.farshore.agent.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("privileged")
class BpfCaptureSourceTest {
    private static final int RING = 64 << 20;
    private static final long SIZE = 512L << 20;

    @BeforeAll
    static void needsRoot() {
        assumeTrue(LinuxCalls.geteuid() == 0, "needs root to make loop devices and mount bpffs");
        assumeTrue(Shell.has("fio") && Shell.has("losetup"), "needs fio and losetup");
    }

    @Test
    void copiesDirectWritesOfEverySize() throws IOException {
        try (CaptureRig rig = new CaptureRig(RING, SIZE)) {
            final String device = rig.loop("a", SIZE);
            rig.protect(device);
            rig.start();
            assertThat(rig.source().resumed()).isFalse();
            rig.shadow().resetCounts();
            rig.during("fio --name=w --filename=" + device + " --direct=1 --ioengine=libaio --rw=randwrite "
                    + "--bssplit=512/20:4k/40:8k/10:24k/10:64k/10:1m/8:4m/2 --iodepth=8 --io_size=300m --size=100% "
                    + "--norandommap --runtime=20 --minimal");
            rig.assertEqual();
            System.out.println(rig.shadow() + rig.counters());
            assertThat(rig.shadow().stuckSectors()).isZero();
            assertThat(rig.shadow().unmatchedSectors()).isZero();
        }
    }
}
