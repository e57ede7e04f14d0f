package org.farshore.tests.crashlab;

import java.io.IOException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Every flush of one recording after the other: {@code ./farshore test --long crash-lab [FLUSHES [SEED]]}. */
@Tag("slow")
@Tag("privileged")
class CrashLabLongTest {
    private static final String NAME = "CrashLabLongTest";
    private static final int WARM_FLUSHES = 400;

    @Test
    void everyFlushLeavesWhatWasPromised() throws IOException {
        final int flushes = Integer.getInteger("farshore.test.crash.flushes", 5_000);
        long seed = Long.getLong("farshore.test.seed", System.nanoTime() & 0xffff_ffffL);
        int judged = 0;
        for (int round = 0; judged < flushes; round++, seed++) {
            final LabFilesystem filesystem = LabFilesystem.values()[round % LabFilesystem.values().length];
            judged += CrashLabSystemTest.judge(NAME, filesystem, seed, CrashPlan.all(WARM_FLUSHES))
                    .flushes();
        }
        System.out.println("crash lab: " + judged + " flushes in all");
    }
}
