package org.farshore.tests.simulation.small;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** A small world in bad weather: some hundred writes and some dozen fates, all drawn from one seed. */
public final class Storm {
    private static final int STEPS = 2_000;
    private static final int COUNTS = 400;

    private Storm() {}

    /** Plays a seed; answers what did not hold, or null. */
    public static String play(final long seed) {
        final Random random = new Random(seed * 0x9E37_79B9_7F4A_7C15L);
        final Machine machine = new StormyMachine(random);
        final Keeping keeping = new Keeping(random.nextInt(1 << 8), 8);
        try {
            new SmallWorld(machine, keeping, fates(random)).play();
            return null;
        } catch (final AssertionError e) {
            return e.getMessage();
        }
    }

    private static List<Fate> fates(final Random random) {
        final List<Fate> fates = new ArrayList<>();
        for (final Fate.Kind kind : Fate.Kind.values()) {
            if (random.nextInt(3) == 0) {
                final int most = kind.counted() == Fate.Counted.STEPS ? STEPS : COUNTS;
                for (int i = 1 + random.nextInt(5); i > 0; i--) {
                    fates.add(new Fate(kind, 1 + random.nextInt(most)));
                }
            }
        }
        return fates;
    }
}
