package org.farshore.perf.rig;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * The command line of the rig.
 *
 * @param directory for journal and replica.
 * @param seconds of each measured window.
 * @param rounds of the main scene, alternated.
 * @param writeLength of each synthetic write, bytes.
 * @param moreMtus measured for comparison.
 * @param record file name without ending for the results, or null.
 * @param quick one short look.
 */
record RigOptions(
        Path directory,
        double seconds,
        int rounds,
        int writeLength,
        List<Integer> moreMtus,
        Path record,
        boolean quick) {
    private static final double SECONDS_DEFAULT = 3;
    private static final int ROUNDS_DEFAULT = 7;
    private static final int WRITE_LENGTH_DEFAULT = 16 << 10;

    /** Reads the arguments; null when help was printed. */
    static RigOptions parse(final String... args) {
        Path directory = Path.of("/var/tmp");
        double seconds = SECONDS_DEFAULT;
        int rounds = ROUNDS_DEFAULT;
        int writeLength = WRITE_LENGTH_DEFAULT;
        List<Integer> mtus = List.of(8192, 1408);
        Path record = null;
        boolean quick = false;
        for (int i = 0; i < args.length; i++) {
            final String value = i + 1 < args.length ? args[i + 1] : "";
            switch (args[i]) {
                case "--quick" -> {
                    quick = true;
                    rounds = 3;
                    seconds = 1.5;
                    mtus = List.of();
                    continue;
                }
                case "--directory" -> directory = Path.of(value);
                case "--seconds" -> seconds = Double.parseDouble(value);
                case "--rounds" -> rounds = Integer.parseInt(value);
                case "--write-length" -> writeLength = Integer.parseInt(value);
                case "--mtu" -> mtus = value.isEmpty() ? List.of() : integers(value);
                case "--results" -> record = Path.of(value);
                default -> {
                    help();
                    return null;
                }
            }
            i++;
        }
        return new RigOptions(directory, seconds, rounds, writeLength, mtus, record, quick);
    }

    private static List<Integer> integers(final String text) {
        return Stream.of(text.split(",", -1)).map(Integer::valueOf).toList();
    }

    private static void help() {
        System.out.println("""
                usage: farshore rig [OPTION...]
                  --quick             three short rounds, one setting
                  --directory DIR     journal and replica lie there; default /var/tmp
                  --seconds S         length of each measured window; default 3
                  --rounds N          alternated rounds; default 7
                  --write-length N    bytes of each write, up to 61440; default 16384
                  --mtu N,...         more datagram lengths to compare; default 8192,1408 (takes root)
                  --results NAME      writes NAME.json and NAME.md
                  --record            all measurements of perf/, into perf/results (20 minutes)""");
    }

    /** Rounds of scenes that are there for comparison only. */
    int fewRounds() {
        return Math.max(1, rounds / 2);
    }

    /** Seconds for each of the machine's limits. */
    double limitSeconds() {
        return seconds / 6;
    }
}
