package org.farshore.dataplane.tool;

import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneId;
import java.util.List;
import org.farshore.dataplane.command.CommandClient;
import org.farshore.dataplane.command.CommandServer;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;
import org.farshore.dataplane.runtime.LiveScreen;

/**
 * The commands to a running master target: {@code farshore points}, {@code view}, {@code test-failover}, {@code failover},
 * {@code commit}, {@code retention}. The first argument is the command.
 */
public final class RecoveryTool {
    private static final int STANDARD_ERROR = 2;

    private RecoveryTool() {}

    /** Runs the command and ends the process with its exit code. */
    public static void main(final String[] arguments) {
        final PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        final List<String> list = List.of(arguments);
        int code;
        try {
            code = run(list, out);
        } catch (final FarshoreException e) {
            System.err.println("farshore " + (list.isEmpty() ? "" : list.get(0)) + ": " + e.getMessage());
            code = e.exitCode().code();
        }
        out.flush();
        System.exit(code);
    }

    private static int run(final List<String> arguments, final PrintStream out) {
        final RecoveryOptions options = RecoveryOptions.parse(arguments, Instant.now(), ZoneId.systemDefault());
        if (options.help()) {
            out.print(RecoveryHelp.of(arguments.isEmpty() ? "" : arguments.get(0)));
            return ExitCode.OK.code();
        }
        final PrintStream progress = new PrintStream(System.err, false, StandardCharsets.UTF_8);
        final AnswerPrinter printer =
                new AnswerPrinter(options.json(), out, new LiveScreen(progress, LiveScreen.isTerminal(STANDARD_ERROR)));
        try (CommandClient client =
                CommandClient.connect(options.dataDirectory().resolve(CommandServer.NAME))) {
            final CommandClient.Outcome outcome = client.call(options.request(), printer);
            printer.finish(outcome);
            if (outcome.exitCode() != 0) {
                System.err.println("farshore " + arguments.get(0) + ": " + outcome.message());
            }
            return outcome.exitCode();
        }
    }
}
