package org.farshore.tests.fuzz;

import static org.assertj.core.api.Assertions.fail;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.farshore.tests.lab.FarshoreLab;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Each target's corpus, and some thousand seeded changes of it. {@code -Dfarshore.test.fuzz.seed} tries others. */
class FuzzTargetsTest {
    private static final long SEED = Long.getLong("farshore.test.fuzz.seed", 20_260_101L);

    @ParameterizedTest
    @EnumSource(FuzzTarget.class)
    void standsWhatWasFoundEarlierAndWhatHonestWritersMake(final FuzzTarget target) throws IOException {
        for (final Path kept : target.kept()) {
            feed(target, Files.readAllBytes(kept), kept.getFileName().toString());
        }
        int number = 0;
        for (final byte[] seed : target.seeds()) {
            feed(target, seed, "seed input " + number++);
        }
    }

    @ParameterizedTest
    @EnumSource(FuzzTarget.class)
    void standsThousandsOfChangedInputs(final FuzzTarget target) {
        final List<byte[]> seeds = target.seeds();
        final Mutations mutations = new Mutations(SEED + target.ordinal(), seeds);
        final long beganNs = System.nanoTime();
        for (int i = 0; i < target.shortRunInputs(); i++) {
            feed(target, mutations.next(), "seed " + SEED + ", input " + i);
        }
        System.out.printf(
                "fuzz %-15s %,7d inputs of seed %d in %,5d ms%n",
                target.label(), target.shortRunInputs(), SEED, (System.nanoTime() - beganNs) / 1_000_000);
    }

    private static void feed(final FuzzTarget target, final byte[] input, final String name) {
        try {
            target.feed(input.clone());
        } catch (final Throwable finding) {
            final Path kept = keep(target, input);
            fail(
                    target.label() + " does not stand " + name + "; kept as " + kept + ", once it is mended move it to "
                            + target.keptDirectory(),
                    finding);
        }
    }

    private static Path keep(final FuzzTarget target, final byte[] input) {
        final Path file = FarshoreLab.root()
                .resolve("tests/target/fuzz")
                .resolve(target.label() + "-" + Integer.toHexString(java.util.Arrays.hashCode(input)));
        try {
            Files.createDirectories(file.getParent());
            return Files.write(file, input);
        } catch (final IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
