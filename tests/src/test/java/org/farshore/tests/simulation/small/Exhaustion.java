package org.farshore.tests.simulation.small;

import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.farshore.tests.simulation.small.Fate.Counted;
import org.farshore.tests.simulation.small.Fate.Kind;

/**
 * Plays a script with every single fate, at every time at which it makes a difference, and with pairs of them.
 *
 * <p>A process dies, or a hop breaks, before every step in which some role does anything, at every message, at every change of
 * what is pinned; the target's power is cut in every disk operation, with every subset of what was not synced when there
 * are few such things, else with none, all, and every other and every second pair of them; every write, sync and read of
 * the target's disk fails once, and the reads of the source from the n-th on. Of the pairs of all these every
 * {@code pairStride}-th is played, in the order of the list, which spreads them over all kinds and times.
 */
final class Exhaustion {
    private static final int FAILURES_SHOWN = 5;
    /** None, all, every other one in two ways, every second pair in two ways. */
    private static final List<Keeping> SOME = List.of(
            Keeping.NOTHING,
            Keeping.EVERYTHING,
            new Keeping(0b01, 2),
            new Keeping(0b10, 2),
            new Keeping(0b0011, 4),
            new Keeping(0b1100, 4));

    private final Script script;
    private final int subsetBitsMax;
    private final int pairStride;
    private final AtomicLong singles = new AtomicLong();
    private final AtomicLong powerCuts = new AtomicLong();
    private final AtomicLong pairs = new AtomicLong();
    private final Queue<String> failures = new ConcurrentLinkedQueue<>();
    private long pairsPossible;

    /**
     * @param subsetBitsMax all subsets are tried of so many unsynced things at most.
     * @param pairStride 1 for all pairs, 0 for none.
     */
    Exhaustion(final Script script, final int subsetBitsMax, final int pairStride) {
        this.script = script;
        this.subsetBitsMax = subsetBitsMax;
        this.pairStride = pairStride;
    }

    /** Plays all of it; answers whether everything held. */
    boolean run() {
        final SmallWorld quiet = new SmallWorld(script, Keeping.NOTHING).play();
        final List<Fate> fates = fatesOf(quiet);
        IntStream.range(0, fates.size()).parallel().forEach(i -> single(fates.get(i)));
        if (pairStride > 0) {
            final long size = fates.size();
            pairsPossible = size * (size - 1) / 2;
            IntStream.range(0, (int) (pairsPossible / pairStride))
                    .parallel()
                    .forEach(i -> pair(fates, (long) i * pairStride));
        }
        return failures.isEmpty();
    }

    static List<Fate> fatesOf(final SmallWorld quiet) {
        final List<Fate> fates = new ArrayList<>();
        for (final Kind kind : Kind.values()) {
            if (kind.counted() == Counted.STEPS) {
                quiet.workingSteps().forEach(step -> fates.add(new Fate(kind, step)));
            } else {
                for (long at = 1; at <= quiet.count(kind.counted()); at++) {
                    fates.add(new Fate(kind, at));
                }
            }
        }
        return fates;
    }

    private void single(final Fate fate) {
        if (fate.kind() != Kind.TARGET_LOSES_POWER) {
            singles.incrementAndGet();
            play(Keeping.NOTHING, fate);
            return;
        }
        final int asked = cut(Keeping.NOTHING, fate);
        if (asked <= subsetBitsMax) {
            for (int subset = 1; subset < 1 << asked; subset++) {
                cut(new Keeping(subset, asked), fate);
            }
        } else {
            SOME.subList(1, SOME.size()).forEach(keeping -> cut(keeping, fate));
        }
    }

    private int cut(final Keeping keeping, final Fate fate) {
        powerCuts.incrementAndGet();
        return play(keeping, fate);
    }

    /** The pair with this place in the list of all pairs (0,1) (0,2) (1,2) (0,3) … */
    private void pair(final List<Fate> fates, final long place) {
        int second = (int) ((1 + Math.sqrt(1 + 8.0 * place)) / 2);
        while ((long) second * (second - 1) / 2 > place) {
            second--;
        }
        while ((long) second * (second + 1) / 2 <= place) {
            second++;
        }
        final int first = (int) (place - (long) second * (second - 1) / 2);
        pairs.incrementAndGet();
        play(SOME.get((int) (place % SOME.size())), fates.get(first), fates.get(second));
    }

    private int play(final Keeping keeping, final Fate... fates) {
        final SmallWorld world = new SmallWorld(script, keeping, fates);
        try {
            world.play();
        } catch (final AssertionError e) {
            failures.add(script + " " + e.getMessage());
        }
        return world.unsyncedAtPowerCut();
    }

    /** The first few things that did not hold. */
    List<String> failures() {
        return failures.stream().sorted().limit(FAILURES_SHOWN).toList();
    }

    long runs() {
        return singles.get() + powerCuts.get() + pairs.get();
    }

    @Override
    public String toString() {
        return String.format(
                "%-24s %6d single fates, %6d power cuts, %6d of %d pairs%s",
                script.name().toLowerCase(java.util.Locale.ROOT).replace('_', ' '),
                singles.get(),
                powerCuts.get(),
                pairs.get(),
                pairsPossible,
                failures.isEmpty() ? "" : ", " + failures.size() + " FAILED");
    }
}
