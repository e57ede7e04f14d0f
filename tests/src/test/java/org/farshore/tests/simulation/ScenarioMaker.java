package org.farshore.tests.simulation;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;

/** Draws a {@link Scenario}: which families of faults are on, how often each kind strikes, how large the world is. */
final class ScenarioMaker {
    private static final long MS_NS = 1_000_000L;
    private static final long SECOND_NS = 1_000 * MS_NS;
    private static final int FAULTS_MEAN = 300;

    private final long seed;
    private final Dice dice;
    private final List<Fault> faults = new ArrayList<>();
    private final EnumSet<FaultFamily> families = EnumSet.noneOf(FaultFamily.class);
    private long quietNs;
    private int volumes;

    ScenarioMaker(final long seed) {
        this.seed = seed;
        dice = Dice.of(seed, "scenario");
    }

    Scenario make() {
        volumes = 1 + dice.below(3);
        final int[] sectors = new int[volumes];
        for (int i = 0; i < volumes; i++) {
            sectors[i] = 8 * (int) dice.skewed(16, volumes == 1 ? 256 : 128) + (dice.oneIn(4) ? 1 + dice.below(7) : 0);
        }
        quietNs = dice.between(15, 40) * SECOND_NS;
        final int writes = (int) dice.skewed(100, 1500);
        for (final FaultFamily family : FaultFamily.values()) {
            if (dice.oneIn(family == FaultFamily.ROT ? 6 : 2) || (family == FaultFamily.NETWORK && dice.oneIn(2))) {
                families.add(family);
            }
        }
        drawFaults();
        final int ringLength = (int) dice.skewed(192 << 10, 1 << 20);
        final Scenario.Workload workload = new Scenario.Workload(
                sectors,
                writes,
                (int) (writes * SECOND_NS / quietNs) + 1,
                dice.oneIn(4) ? 128 : (int) dice.skewed(8, 64),
                1 + dice.below(12),
                dice.oneIn(2));
        final Scenario.Installation installation = new Scenario.Installation(
                ringLength,
                dice.skewed(50_000, 20 * MS_NS),
                (int) dice.skewed(128 << 10, 1 << 20),
                4 + dice.below(5),
                0,
                false,
                false);
        return new Scenario(seed, workload, installation, quietNs, families, List.copyOf(faults));
    }

    private void drawFaults() {
        final List<Draw> draws = new ArrayList<>();
        int weights = 0;
        for (final FaultKind kind : FaultKind.values()) {
            if (families.contains(kind.family()) && kind != FaultKind.LEAVE) {
                final int weight = weightOf(kind) * (1 + dice.below(4));
                weights += weight;
                draws.add(new Draw(kind, weight));
            }
        }
        if (weights == 0) {
            return;
        }
        final int count = (int) dice.between(FAULTS_MEAN / 3, FAULTS_MEAN * 5L / 3);
        final List<Fault> drawn = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            drawn.add(draw(draws, weights));
        }
        drawn.sort(Comparator.comparingLong(Fault::atNs));
        int kills = 0;
        for (final Fault fault : drawn) {
            kills += isDeath(fault.kind()) ? 1 : 0;
            if (!isDeath(fault.kind()) || kills <= quietNs / SECOND_NS) {
                faults.add(new Fault(
                        faults.size(), fault.atNs(), fault.kind(), fault.place(), fault.amount(), fault.durationNs()));
            }
        }
    }

    /** What ends a process: more than one a second and nothing else would ever happen. */
    private static boolean isDeath(final FaultKind kind) {
        return switch (kind) {
            case KILL, TARGET_POWER, SOURCE_POWER, WRITE_FAILS, SYNC_FAILS, READ_FAILS -> true;
            default -> false;
        };
    }

    private record Draw(FaultKind kind, int weight) {}

    private static int weightOf(final FaultKind kind) {
        return switch (kind) {
            case REFUSE, RING_LOSS, SOURCE_WRITE_FAILS -> 16;
            case STALL, SLOW_NETWORK, SLOW_DISK, BURST, PAUSE, KILL, CLOCK_JUMP -> 8;
            case SOURCE_POWER, ROT, GROW, MISSED_RUN, PARTITION -> 1;
            default -> 4;
        };
    }

    private Fault draw(final List<Draw> draws, final int weights) {
        int at = dice.below(weights);
        FaultKind kind = null;
        for (final Draw draw : draws) {
            kind = draw.kind;
            at -= draw.weight;
            if (at < 0) {
                break;
            }
        }
        final long atNs = dice.between(0, quietNs - SECOND_NS);
        return switch (kind) {
            case BREAK -> new Fault(0, atNs, kind, dice.below(2), dice.below(1001), 0);
            case STALL -> new Fault(0, atNs, kind, dice.below(2), dice.below(2), dice.skewed(MS_NS, 8 * SECOND_NS));
            case PARTITION -> new Fault(0, atNs, kind, dice.below(2), 0, dice.skewed(100 * MS_NS, 4 * SECOND_NS));
            case REFUSE -> new Fault(0, atNs, kind, dice.below(3), 1 + dice.below(20), 0);
            case SLOW_NETWORK ->
                new Fault(0, atNs, kind, dice.below(2), dice.skewed(100, 200_000), dice.skewed(MS_NS, 2 * SECOND_NS));
            case CORRUPT -> new Fault(0, atNs, kind, dice.below(2), dice.nextLong() >>> 1, 0);
            case KILL ->
                new Fault(0, atNs, kind, dice.below(3), dice.skewed(1, 2000) - 1, dice.skewed(MS_NS, 3 * SECOND_NS));
            case PAUSE -> new Fault(0, atNs, kind, dice.below(3), 0, dice.skewed(MS_NS, 12 * SECOND_NS));
            case TARGET_POWER ->
                new Fault(0, atNs, kind, 2, 1 + dice.skewed(1, 500), dice.skewed(MS_NS, 3 * SECOND_NS));
            case SOURCE_POWER -> new Fault(0, atNs, kind, 0, 0, dice.skewed(100 * MS_NS, 3 * SECOND_NS));
            case WRITE_FAILS, SYNC_FAILS, READ_FAILS -> new Fault(0, atNs, kind, 2, 1 + dice.below(40), 0);
            case SLOW_DISK ->
                new Fault(0, atNs, kind, 2, dice.skewed(1_000, 2_000_000), dice.skewed(MS_NS, 3 * SECOND_NS));
            case DISK_FULL -> new Fault(0, atNs, kind, 2, dice.below(512), dice.skewed(MS_NS, 4 * SECOND_NS));
            case ROT -> new Fault(0, atNs, kind, 2, dice.nextLong() >>> 1, 0);
            case RING_LOSS -> new Fault(0, atNs, kind, 0, 1 + dice.below(4), 0);
            case BURST -> new Fault(0, atNs, kind, 0, 1 + dice.below(30), 0);
            case MISSED_RUN -> new Fault(0, atNs, kind, dice.below(volumes), 0, 0);
            case SOURCE_WRITE_FAILS -> new Fault(0, atNs, kind, 0, 1 + dice.below(2), 0);
            case SOURCE_READ_FAILS -> new Fault(0, atNs, kind, 0, 1 + dice.below(12), 0);
            case GROW -> new Fault(0, atNs, kind, dice.below(volumes), 1 + dice.below(16), 0);
            case LEAVE -> throw new IllegalStateException("drawn apart");
            case CLOCK_JUMP -> new Fault(0, atNs, kind, dice.below(3), dice.between(-3600, 3600), 0);
        };
    }
}
