package org.farshore.tests.simulation.bugs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.function.LongFunction;
import org.junit.jupiter.api.Test;

/** The planting itself, with a hunt that is there without the whole simulation. */
class BuggyProductTest {
    private static final Path ROOT = Path.of(System.getProperty("farshore.root"));
    private static final String FILE = "stream/ReadBack.java";
    private static final String RIGHT = "read.addHole(offset, length);";
    private static final PlantedBug NO_HOLES = PlantedBug.of(
                    "a chunk overwrites what was written while it was read", "c")
            .inAgent(FILE, RIGHT, "");

    @Test
    void findsAPlantedBug() throws IOException {
        final LongFunction<String> hunt = BuggyProduct.with(NO_HOLES, ROOT).hunt(AgentHunt.class);
        String found = null;
        for (long seed = 1; seed <= 20 && found == null; seed++) {
            found = hunt.apply(seed);
        }
        assertThat(found).isNotNull();
    }

    @Test
    void findsNothingWhereNothingIsPlanted() throws IOException {
        final PlantedBug same = PlantedBug.of("nothing", "none").inAgent(FILE, RIGHT, RIGHT);
        final LongFunction<String> hunt = BuggyProduct.with(same, ROOT).hunt(AgentHunt.class);
        for (long seed = 1; seed <= 5; seed++) {
            assertThat(hunt.apply(seed)).isNull();
        }
    }

    @Test
    void leavesTheProductItselfAsItIs() throws IOException {
        BuggyProduct.with(NO_HOLES, ROOT).hunt(AgentHunt.class);
        assertThat(new AgentHunt().apply(1)).isNull();
    }

    @Test
    void saysThatATextMustBeRefreshed() {
        final PlantedBug stale = PlantedBug.of("stale", "none").inAgent(FILE, "once upon a time", "");
        assertThatThrownBy(() -> BuggyProduct.with(stale, ROOT))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("occurs 0 times")
                .hasMessageContaining("refresh the text");
    }

    @Test
    void saysThatATextIsNotTheOnlyOne() {
        final PlantedBug vague = PlantedBug.of("vague", "none").inAgent(FILE, "todo.setRange(", "(");
        assertThatThrownBy(() -> BuggyProduct.with(vague, ROOT))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("refresh the text");
    }

    @Test
    void saysThatABugDoesNotCompile() {
        final PlantedBug broken = PlantedBug.of("broken", "none").inAgent(FILE, RIGHT, "nonsense(;");
        assertThatThrownBy(() -> BuggyProduct.with(broken, ROOT))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("does not compile");
    }
}
