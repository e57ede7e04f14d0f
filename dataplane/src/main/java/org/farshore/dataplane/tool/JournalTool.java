package org.farshore.dataplane.tool;

import java.io.IOException;
import java.io.PrintStream;
import java.util.List;
import org.farshore.dataplane.journal.JournalInspector;
import org.farshore.dataplane.runtime.BlockFiles;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;

/** {@code farshore journal}: describes, dumps and verifies journals, reading only. */
public final class JournalTool {
    private static final String NAME = "farshore journal";

    private JournalTool() {}

    /** Runs the command and ends the process with its exit code. */
    public static void main(final String[] arguments) {
        ToolRun.main(NAME, JournalTool::run, arguments);
    }

    static int run(final BlockFiles files, final PrintStream out, final PrintStream err, final String... arguments) {
        return ToolRun.run(NAME, JournalTool::run, files, out, err, arguments);
    }

    private static ExitCode run(final BlockFiles files, final PrintStream out, final String... arguments)
            throws IOException {
        final JournalOptions options = JournalOptions.parse(arguments);
        if (options.help()) {
            out.print(JournalOptions.HELP);
            return ExitCode.OK;
        }
        return run(files, out, options);
    }

    private static ExitCode run(final BlockFiles files, final PrintStream out, final JournalOptions options)
            throws IOException {
        final List<JournalInspector> journals = JournalInspector.find(files, options.path());
        if (journals.isEmpty()) {
            throw JournalOptions.usage("no journal in " + options.path());
        }
        ExitCode code = ExitCode.OK;
        for (final JournalInspector journal : journals) {
            if (!journal.load()) {
                throw new FarshoreException(
                        ExitCode.STORAGE, "no segment header in " + journal.directory() + " can be read");
            }
            final ExitCode one = switch (options.command()) {
                case "describe" -> DescribeCommand.run(journal, out, options);
                case "dump" -> DumpCommand.run(journal, out, options);
                default -> VerifyCommand.run(journal, out, options);
            };
            code = one == ExitCode.OK ? code : one;
        }
        return code;
    }

    /** A machine id as the names of directories have it. */
    static String machine(final long high, final long low) {
        return String.format("%016x%016x", high, low);
    }
}
