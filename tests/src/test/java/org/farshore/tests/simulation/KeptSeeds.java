package org.farshore.tests.simulation;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/** Seeds that failed once. Those of the resource {@code kept-seeds} run first, always. */
final class KeptSeeds {
    private static final String RESOURCE = "kept-seeds";

    private KeptSeeds() {}

    /** One number a line; what follows a {@code #} says what the seed had found. */
    static List<Long> load() {
        final List<Long> seeds = new ArrayList<>();
        try (BufferedReader reader = new BufferedReader(
                new InputStreamReader(KeptSeeds.class.getResourceAsStream(RESOURCE), StandardCharsets.UTF_8))) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                final String number = line.replaceFirst("#.*", "").strip();
                if (!number.isEmpty()) {
                    seeds.add(Long.parseLong(number));
                }
            }
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
        return seeds;
    }

    /** Notes a seed that failed just now, to be looked at and then moved to the resource. */
    static void note(final Path file, final Outcome outcome) {
        try {
            Files.createDirectories(file.toAbsolutePath().getParent());
            Files.writeString(
                    file,
                    outcome.scenario().seed() + " # " + outcome.violation().invariant() + ": "
                            + outcome.violation().getMessage().replace('\n', ' ') + "\n",
                    StandardOpenOption.CREATE,
                    StandardOpenOption.APPEND);
        } catch (final IOException e) {
            throw new UncheckedIOException("cannot note a failing seed in " + file, e);
        }
    }
}
