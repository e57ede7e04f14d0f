package org.farshore.dataplane.runtime;

import java.io.PrintStream;
import java.nio.file.Path;

/**
 * The command line that all roles share: {@code --config FILE}, {@code --check}, {@code --help}, {@code --version}. A role
 * gives a {@link Role}; its main method is {@code System.exit(RoleMain.run(new MyRole(), args))}.
 */
public final class RoleMain {
    /** One role of the product, as the command line sees it. */
    public interface Role {
        /** As in {@code farshore.<role>.} keys and {@code farshore <role>}. */
        String name();

        /** One sentence for {@code --help}. */
        String summary();

        /**
         * Reads every setting of the role and checks the relations between them. Starts nothing: this is all that
         * {@code --check} does.
         *
         * @throws FarshoreException CONFIGURATION, naming key and value.
         */
        void configure(Settings settings);

        /**
         * Makes the agents from what {@link #configure} read and hands them to {@code runner}, with
         * {@link RoleRunner#onEnd} for each resource as soon as it is open.
         */
        void start(RoleRunner runner);
    }

    private static final StateLog LOG = StateLog.of(RoleMain.class);

    private RoleMain() {}

    /** Runs the role until it ends; returns the exit code. */
    public static int run(final Role role, final String... args) {
        return run(role, System.out, System.err, args);
    }

    static int run(final Role role, final PrintStream out, final PrintStream err, final String... args) {
        Path config = null;
        boolean checkOnly = false;
        for (int i = 0; i < args.length; i++) {
            switch (args[i]) {
                case "--help", "-h" -> {
                    printHelp(role, out);
                    return ExitCode.OK.code();
                }
                case "--version" -> {
                    out.println("farshore " + role.name() + " " + version());
                    return ExitCode.OK.code();
                }
                case "--check" -> checkOnly = true;
                case "--config" -> {
                    if (i + 1 == args.length) {
                        return usage(role, err, "--config wants a file");
                    }
                    config = Path.of(args[++i]);
                }
                default -> {
                    return usage(role, err, "unknown argument " + args[i]);
                }
            }
        }
        return configureAndRun(role, config, checkOnly, out);
    }

    /** Version of the product as packaged. */
    public static String version() {
        final String version = RoleMain.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }

    private static int configureAndRun(
            final Role role, final Path config, final boolean checkOnly, final PrintStream out) {
        try {
            final Settings settings = Settings.load(role.name(), config, System.getProperties());
            role.configure(settings);
            settings.refuseUnknown();
            if (checkOnly) {
                settings.print(out);
                return ExitCode.OK.code();
            }
            return startAndRun(role, config);
        } catch (final FarshoreException e) {
            LOG.warn(
                    "role",
                    role.name(),
                    "state",
                    "refused",
                    "exit",
                    e.exitCode().code(),
                    "reason",
                    e.getMessage());
            return e.exitCode().code();
        } catch (final RuntimeException e) {
            LOG.warn("role", role.name(), "state", "failed", "exit", ExitCode.INVARIANT.code(), "reason", e);
            return ExitCode.INVARIANT.code();
        }
    }

    private static int startAndRun(final Role role, final Path config) {
        LOG.info(
                "role",
                role.name(),
                "state",
                "starting",
                "version",
                version(),
                "config",
                config == null ? "-" : config);
        final RoleRunner runner = new RoleRunner(role.name());
        try {
            role.start(runner);
        } catch (final RuntimeException e) {
            runner.abandon();
            throw e;
        }
        return runner.run().code();
    }

    private static int usage(final Role role, final PrintStream err, final String complaint) {
        err.println(complaint + "; see farshore " + role.name() + " --help");
        return ExitCode.USAGE.code();
    }

    private static void printHelp(final Role role, final PrintStream out) {
        out.println("usage: farshore " + role.name() + " [--config FILE] [--check] [--help] [--version]");
        out.println();
        out.println(role.summary());
        out.println();
        out.println(
                "  --config FILE  settings, keys farshore." + role.name() + ".*; -D system properties override them");
        out.println("  --check        read and check the settings, print the effective ones, start nothing");
        out.println("  --help         this text");
        out.println("  --version      version of the product");
        out.println();
        out.println("exit codes:");
        for (final ExitCode code : ExitCode.values()) {
            out.printf("  %3d  %s%n", code.code(), code.meaning());
        }
    }
}
