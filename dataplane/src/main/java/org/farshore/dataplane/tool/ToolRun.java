package org.farshore.dataplane.tool;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.farshore.dataplane.runtime.BlockFiles;
import org.farshore.dataplane.runtime.ChannelBlockFiles;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;

/** What tools that look at files have in common: one line for what went wrong, and an exit code. */
final class ToolRun {
    private ToolRun() {}

    /** A tool's work. */
    @FunctionalInterface
    interface Work {
        /**
         * Does what the arguments ask for.
         *
         * @throws FarshoreException USAGE when they make no sense.
         * @throws IOException when files cannot be read: exit code STORAGE.
         */
        ExitCode run(BlockFiles files, PrintStream out, String... arguments) throws IOException;
    }

    /** Works on the files of this machine and ends the process. */
    static void main(final String name, final Work work, final String... arguments) {
        final PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        final int code = run(name, work, new ChannelBlockFiles(), out, System.err, arguments);
        out.flush();
        System.exit(code);
    }

    /** Works, and answers the exit code. */
    static int run(
            final String name,
            final Work work,
            final BlockFiles files,
            final PrintStream out,
            final PrintStream err,
            final String... arguments) {
        try {
            return work.run(files, out, arguments).code();
        } catch (final FarshoreException e) {
            err.println(name + ": " + e.getMessage());
            return e.exitCode().code();
        } catch (final IOException e) {
            err.println(name + ": " + e.getMessage());
            return ExitCode.STORAGE.code();
        }
    }
}
