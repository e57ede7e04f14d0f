package org.farshore.tests.simulation.bugs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.LongFunction;
import org.farshore.tests.simulation.WorldHunt;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Every planted bug is found within its seed budget, by the world or by storms over the small one; the table says by which
 * seed of each, and by what. The world gets few seeds at first, all of the budget where storms find nothing. A seed that finds something must find nothing in the product as it is, or it was not the bug
 * that it found.
 */
@Tag("hunt")
class PlantedBugsTest {
    private static final Path ROOT = Path.of(System.getProperty("farshore.root"));
    private static final int WORLD_SEEDS = 20;
    private static final int WHAT_LENGTH_MAX = 90;

    /** @param seed that found it, or 0. */
    private record Find(long seed, String what) {
        static final Find NOTHING = new Find(0, "NOT FOUND");

        boolean isFound() {
            return seed > 0;
        }

        String seedText() {
            return isFound() ? Long.toString(seed) : "-";
        }
    }

    private record Row(PlantedBug bug, Find world, Find storm) {
        boolean isFound() {
            return world.isFound() || storm.isFound();
        }

        @Override
        public String toString() {
            final Find first = world.isFound() ? world : storm;
            return String.format("%-52s %5s %5s  %s", bug, world.seedText(), storm.seedText(), first.what());
        }
    }

    @Test
    void findsEveryPlantedBug() {
        final long begunNs = System.nanoTime();
        final List<Row> table =
                PlantedBugs.ALL.parallelStream().map(PlantedBugsTest::hunt).toList();
        System.out.printf("%-52s %5s %5s  %s%n", "planted bug: found by seed", "world", "storm", "caught by");
        table.forEach(System.out::println);
        System.out.printf("%d planted bugs, %.1f s%n", table.size(), (System.nanoTime() - begunNs) / 1e9);
        assertThat(table).hasSizeGreaterThanOrEqualTo(10).allMatch(Row::isFound);
    }

    @Test
    void findsEveryBugOfThePast() {
        final long begunNs = System.nanoTime();
        final List<Find> finds =
                PlantedBugs.PAST.parallelStream().map(PlantedBugsTest::huntPast).toList();
        System.out.printf("%-52s %5s  %s%n", "planted bug, with a window: found by seed", "seed", "caught by");
        for (int i = 0; i < finds.size(); i++) {
            System.out.printf(
                    "%-52s %5s  %s%n",
                    PlantedBugs.PAST.get(i),
                    finds.get(i).seedText(),
                    finds.get(i).what());
        }
        System.out.printf("%d planted bugs, %.1f s%n", finds.size(), (System.nanoTime() - begunNs) / 1e9);
        assertThat(finds).hasSizeGreaterThanOrEqualTo(8).allMatch(Find::isFound);
    }

    private static Find huntPast(final PlantedBug bug) {
        try {
            final Hunt sound = bug.hunt().getDeclaredConstructor().newInstance();
            return hunt(BuggyProduct.with(bug, ROOT).hunt(bug.hunt()), sound, bug.firstSeed(), bug.seedBudget());
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        } catch (final ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }

    private static Row hunt(final PlantedBug bug) {
        try {
            final BuggyProduct product = BuggyProduct.with(bug, ROOT);
            final Find soon = hunt(product.hunt(WorldHunt.class), new WorldHunt(), 1, WORLD_SEEDS);
            final Find storm = hunt(product.hunt(StormHunt.class), new StormHunt(), bug.firstSeed(), bug.seedBudget());
            final boolean isRare = !soon.isFound() && !storm.isFound();
            return new Row(
                    bug,
                    isRare
                            ? hunt(product.hunt(WorldHunt.class), new WorldHunt(), bug.firstSeed(), bug.seedBudget())
                            : soon,
                    storm);
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Find hunt(
            final LongFunction<String> buggy, final Hunt sound, final long firstSeed, final int seedBudget) {
        for (long seed = firstSeed; seed < firstSeed + seedBudget; seed++) {
            final String failure = buggy.apply(seed);
            if (failure != null) {
                assertThat(sound.apply(seed)).as("seed %d without a bug", seed).isNull();
                return new Find(seed, shortened(failure));
            }
        }
        return Find.NOTHING;
    }

    /** What did not hold: without the fates of a storm, and not all of it. */
    private static String shortened(final String failure) {
        final String what = failure.replaceFirst("(?s)^\\[.*?] .*?at round \\d+: ", "")
                .replaceFirst("^[\\w.]+(Error|Exception): ", "")
                .replaceFirst("(?s)\\n.*", "");
        return what.length() > WHAT_LENGTH_MAX ? what.substring(0, WHAT_LENGTH_MAX) + "…" : what;
    }
}
