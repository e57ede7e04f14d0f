package org.farshore.tests.simulation.bugs;

import static org.farshore.tests.simulation.bugs.PlantedBug.of;

import java.util.List;

/**
 * Mistakes about views that are written to, failover and commit, which an operated world must find. Where a first seed is
 * named, it lies shortly before one that an earlier hunt came to.
 */
final class FailoverBugs {
    private static final int SEED_BUDGET = 40;

    private FailoverBugs() {}

    static final List<PlantedBug> ALL = List.of(

            // overlays

            of("bits are synced before their blocks", "H1: the data of an overlay first, then its bits")
                    .inDataplane(
                            "recover/ViewOverlay.java",
                            "if (syncData) { sync(data); } if (pages > 0) {",
                            "if (pages > 0) {")
                    .within(SEED_BUDGET),
            of(
                            "a failed sync is tried again",
                            "I6: the page cache shows what the disk lacks, and the next sync is well")
                    .inDataplane("recover/ViewOverlay.java", "stopped = true; return", "dirtyData = true; return")
                    .within(SEED_BUDGET),
            of("an overlay is opened with what the page cache has", "I6: what a failed sync lost is not durable")
                    .inDataplane("recover/ViewOverlay.java", "data.forgetCached();", "data.length();")
                    .within(SEED_BUDGET),

            // who owns the disks

            of(
                            "the source is refused from the next start on alone",
                            "I5: the fence is obeyed before the view is given out")
                    .inDataplane(
                            "failover/MachineFailover.java",
                            "if (isOther) { applyFence(); }",
                            "if (isOther && !next.isFenced()) { applyFence(); }")
                    .within(SEED_BUDGET),
            of("a failover's record is not synced", "the record is durable before anything follows from it")
                    .inDataplane("runtime/RecordFile.java", "file.sync();", "")
                    .within(SEED_BUDGET),

            // commit

            of("bits are cleared before the replica is synced", "H3: base synced, then presence cleared")
                    .inDataplane("recover/OverlayDrain.java", "base.sync(); } catch", "base.length(); } catch")
                    .fromSeed(65)
                    .within(SEED_BUDGET),
            of("a block written while it is copied is let go", "H3: such a block stays for the next pass")
                    .inDataplane(
                            "recover/ViewOverlay.java",
                            "final int written = rewritten.nextSetBit(from);",
                            "final int written = -1;")
                    .fromSeed(105)
                    .within(SEED_BUDGET),
            of("versions of the dead generation are left", "H4: a commit ends the life of journal and versions")
                    .inDataplane(
                            "failover/Promotion.java",
                            "if (machine.stream().isEmptied()) {",
                            "if (machine.stream().isRetireHalted()) {")
                    .within(SEED_BUDGET),
            of(
                            "a drained overlay is still below the versions",
                            "H3: the view looks at no version while its blocks move")
                    .inDataplane("recover/RecoveryView.java", "baseAlone = true; lease.close();", "lease.close();")
                    .within(SEED_BUDGET));
}
