package org.farshore.perf.probe;

import java.util.Arrays;

/**
 * Starts the main class of a role as the launcher does, with a {@link Probe} beside it: {@code ProbedRole MAIN-CLASS
 * [ARGUMENT...]}. The role itself is unchanged and knows nothing of it.
 */
public final class ProbedRole {
    private ProbedRole() {}

    /** Never returns normally: the role ends the process. */
    public static void main(final String... args) throws ReflectiveOperationException {
        Probe.start();
        Class.forName(args[0]).getMethod("main", String[].class).invoke(null, (Object)
                Arrays.copyOfRange(args, 1, args.length));
    }
}
