package org.farshore.tests.simulation.bugs;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * One mistake that somebody could make in the product, and how many seeds the simulation may take to notice. A rule that the
 * product keeps at two places takes an edit at each: breaking one of them alone breaks nothing.
 *
 * @param name what is wrong, as one would say it.
 * @param rule what it breaks, with its letter in the design.
 * @param firstSeed where the hunt begins.
 * @param seedBudget most seeds until it must be found.
 * @param hunt who hunts it; null for all that play without a window.
 */
record PlantedBug(
        String name, String rule, List<Edit> edits, long firstSeed, int seedBudget, Class<? extends Hunt> hunt) {
    private static final int SEED_BUDGET = 200;
    /** Behind a first seed of its own. */
    private static final int SHORT_BUDGET = 20;

    /**
     * A text and what stands there instead.
     *
     * @param source file from the root of the repository.
     * @param right occurs exactly once in the file; white space stands for white space of any length.
     */
    record Edit(String source, String right, String wrong) {
        /** Name of the class that the file declares. */
        String className() {
            final String path = source.substring(source.indexOf("/java/") + "/java/".length());
            return path.substring(0, path.length() - ".java".length()).replace('/', '.');
        }

        private Pattern pattern() {
            return Pattern.compile(Arrays.stream(right.strip().split("\\s+"))
                    .map(Pattern::quote)
                    .collect(Collectors.joining("\\s+")));
        }
    }

    static PlantedBug of(final String name, final String rule) {
        return new PlantedBug(name, rule, List.of(), 1, SEED_BUDGET, null);
    }

    /** In the data plane; {@code file} is a path behind {@code org/farshore/dataplane}. */
    PlantedBug inDataplane(final String file, final String right, final String wrong) {
        return with(new Edit("dataplane/src/main/java/org/farshore/dataplane/" + file, right, wrong));
    }

    /** In the agent. */
    PlantedBug inAgent(final String file, final String right, final String wrong) {
        return with(new Edit("agent-native/src/main/java/org/farshore/agent/" + file, right, wrong));
    }

    /** In the kernel's half of the capture, which the simulation has as a model. */
    PlantedBug inKernelModel(final String right, final String wrong) {
        return with(new Edit("agent-native/src/test/java/org/farshore/agent/capture/ModelCapture.java", right, wrong));
    }

    private PlantedBug with(final Edit edit) {
        return new PlantedBug(
                name, rule, Stream.concat(edits.stream(), Stream.of(edit)).toList(), firstSeed, seedBudget, hunt);
    }

    /** The same bug, for this hunt. */
    PlantedBug huntedBy(final Class<? extends Hunt> hunter) {
        return new PlantedBug(name, rule, edits, firstSeed, SHORT_BUDGET, hunter);
    }

    /** The same bug, hunted from this seed on. */
    PlantedBug fromSeed(final long seed) {
        return new PlantedBug(name, rule, edits, seed, seedBudget, hunt);
    }

    /** The same bug with another budget. */
    PlantedBug within(final int seeds) {
        return new PlantedBug(name, rule, edits, firstSeed, seeds, hunt);
    }

    /**
     * The files of all edits with the bug in them, by the name of the class that each declares.
     *
     * @throws AssertionError when a right text is not there exactly once: the product has changed.
     */
    Map<String, String> plantedIn(final Path root) throws IOException {
        final Map<String, String> texts = new LinkedHashMap<>();
        for (final Edit edit : edits) {
            final String before = texts.get(edit.className());
            texts.put(
                    edit.className(),
                    planted(edit, before == null ? Files.readString(root.resolve(edit.source())) : before));
        }
        return texts;
    }

    private String planted(final Edit edit, final String text) {
        final List<MatchResult> places = edit.pattern().matcher(text).results().toList();
        if (places.size() != 1) {
            throw new AssertionError("'" + name + "' is planted where " + edit.source() + " says\n    "
                    + edit.right().strip() + "\nwhich occurs " + places.size()
                    + " times now: the product has changed. Look up how the rule is kept today and refresh the text in"
                    + " PlantedBugs, so that the bug still breaks it: " + rule);
        }
        return text.substring(0, places.get(0).start())
                + edit.wrong()
                + text.substring(places.get(0).end());
    }

    @Override
    public String toString() {
        return name;
    }
}
