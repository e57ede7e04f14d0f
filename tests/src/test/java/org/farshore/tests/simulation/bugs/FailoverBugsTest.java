package org.farshore.tests.simulation.bugs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.LongFunction;
import org.farshore.tests.simulation.FailoverHunt;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Every bug of {@link FailoverBugs} is found within its budget by worlds with an operator, and by a seed that is well without it. */
@Tag("hunt")
class FailoverBugsTest {
    private static final Path ROOT = Path.of(System.getProperty("farshore.root"));

    private record Row(PlantedBug bug, long seed, String what) {
        @Override
        public String toString() {
            return String.format("%-52s %5s  %.90s", bug, seed == 0 ? "-" : seed, what);
        }
    }

    @Test
    void findsEveryPlantedBug() {
        final long begunNs = System.nanoTime();
        final List<Row> table =
                FailoverBugs.ALL.parallelStream().map(FailoverBugsTest::hunt).toList();
        System.out.printf("%-52s %5s  %s%n", "planted bug", "seed", "caught by");
        table.forEach(System.out::println);
        System.out.printf("%d planted bugs, %.1f s%n", table.size(), (System.nanoTime() - begunNs) / 1e9);
        assertThat(table).hasSizeGreaterThanOrEqualTo(4).allMatch(row -> row.seed > 0);
    }

    private static Row hunt(final PlantedBug bug) {
        try {
            final LongFunction<String> buggy = BuggyProduct.with(bug, ROOT).hunt(FailoverHunt.class);
            for (long seed = bug.firstSeed(); seed < bug.firstSeed() + bug.seedBudget(); seed++) {
                final String failure = buggy.apply(seed);
                if (failure != null) {
                    assertThat(new FailoverHunt().apply(seed))
                            .as("seed %d without a bug", seed)
                            .isNull();
                    return new Row(bug, seed, failure.replace('\n', ' '));
                }
            }
            return new Row(bug, 0, "NOT FOUND");
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
