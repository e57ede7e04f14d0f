package org.farshore.tests.crashlab;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.farshore.tests.lab.Features;
import org.farshore.tests.lab.PrivilegedSystemTest;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Power cuts behind the flushes of a master target's disk, on the filesystems that it mostly lies on. */
@PrivilegedSystemTest
class CrashLabSystemTest {
    private static final String NAME = "CrashLabSystemTest";
    private static final int FLUSHES = 100;

    @ParameterizedTest
    @EnumSource(names = {"EXT4", "XFS"})
    void everyFlushLeavesWhatWasPromised(final LabFilesystem filesystem) throws IOException {
        final long seed = Long.getLong("farshore.test.seed", System.nanoTime() & 0xffff_ffffL);
        final Findings findings = judge(NAME, filesystem, seed, CrashPlan.of(FLUSHES));
        assertThat(findings.flushes()).isGreaterThanOrEqualTo(FLUSHES);
        assertThat(findings.retiredCuts()).isGreaterThan(FLUSHES / 4);
        assertThat(findings.views()).isGreaterThan(10 * FLUSHES);
    }

    /** One recording and what is found behind its flushes, with a line for people. */
    static Findings judge(final String name, final LabFilesystem filesystem, final long seed, final CrashPlan plan)
            throws IOException {
        Features.requireRoot(name);
        Features.requireCommands(name, "nbdfuse", "fusermount3", "losetup");
        Features.requireFilesystem(name, filesystem.kind());
        System.out.println("crash lab: " + filesystem.kind() + ", seed " + seed);
        final long begunNs = System.nanoTime();
        try (CrashLab lab = new CrashLab(filesystem, seed).keepFailure()) {
            final Findings findings = lab.run(plan);
            System.out.printf(
                    "crash lab: %s, %s, %.1f s%n", filesystem.kind(), findings, (System.nanoTime() - begunNs) / 1e9);
            return findings;
        }
    }
}
