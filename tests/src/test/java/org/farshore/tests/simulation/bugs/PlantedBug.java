package org.farshore.tests.simulation.bugs;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * One mistake that somebody could make in one file of the product, and how many seeds the simulation may take to notice.
 *
 * @param name what is wrong, as one would say it.
 * @param rule what it breaks, with its place in the design.
 * @param source file from the root of the repository.
 * @param right text that occurs exactly once in the file; white space of any length stands for white space of any length.
 * @param wrong what stands there instead.
 * @param seedBudget most seeds until it must be found.
 */
record PlantedBug(String name, String rule, String source, String right, String wrong, int seedBudget) {
    private static final String MAIN = "/src/main/java/org/farshore/";
    private static final String TEST = "/src/test/java/org/farshore/";

    /** A bug in the data plane; {@code file} is a path behind {@code org/farshore/dataplane}. */
    static PlantedBug inDataplane(
            final String name, final String rule, final String file, final String right, final String wrong) {
        return new PlantedBug(name, rule, "dataplane" + MAIN + "dataplane/" + file, right, wrong, 200);
    }

    /** A bug in the agent. */
    static PlantedBug inAgent(
            final String name, final String rule, final String file, final String right, final String wrong) {
        return new PlantedBug(name, rule, "agent-native" + MAIN + "agent/" + file, right, wrong, 200);
    }

    /** A bug in the kernel's half of the capture, which the simulation has as a model. */
    static PlantedBug inKernelModel(final String name, final String rule, final String right, final String wrong) {
        return new PlantedBug(name, rule, "agent-native" + TEST + "agent/capture/ModelCapture.java", right, wrong, 200);
    }

    /** The same bug with another budget. */
    PlantedBug within(final int seeds) {
        return new PlantedBug(name, rule, source, right, wrong, seeds);
    }

    /** Name of the class that the file declares. */
    String className() {
        final String path = source.substring(source.indexOf("/java/") + "/java/".length());
        return path.substring(0, path.length() - ".java".length()).replace('/', '.');
    }

    /**
     * The file with the bug in it.
     *
     * @throws AssertionError when the right text is not there exactly once: the product has changed.
     */
    String plantedIn(final Path root) throws IOException {
        final String text = Files.readString(root.resolve(source));
        final Matcher matcher = pattern().matcher(text);
        final int count = (int) matcher.results().count();
        if (count != 1) {
            throw new AssertionError("'" + name + "' is planted where " + source + " says\n    " + right.strip()
                    + "\nwhich occurs " + count
                    + " times now: the product has changed. Look up how the rule is kept today"
                    + " and refresh the text in PlantedBugs, so that the bug still breaks it: " + rule);
        }
        final MatchResult place = matcher.reset().results().findFirst().orElseThrow();
        return text.substring(0, place.start()) + wrong + text.substring(place.end());
    }

    private Pattern pattern() {
        return Pattern.compile(
                Arrays.stream(right.strip().split("\\s+")).map(Pattern::quote).collect(Collectors.joining("\\s+")));
    }

    @Override
    public String toString() {
        return name;
    }
}
