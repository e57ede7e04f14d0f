package org.farshore.tests.lab;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A command that answers each line it is given with one line: the clients of databases do, and live as long as a connection. */
public final class CommandPipe implements AutoCloseable {
    private static final int END_SECONDS = 10;

    private final Process process;
    private final BufferedWriter in;
    private final BufferedReader out;

    private CommandPipe(final Process process) {
        this.process = process;
        in = process.outputWriter(StandardCharsets.UTF_8);
        out = process.inputReader(StandardCharsets.UTF_8);
    }

    public static CommandPipe start(final String... command) {
        try {
            return new CommandPipe(new ProcessBuilder(List.of(command))
                    .redirectErrorStream(true)
                    .start());
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Gives one line and waits for the answer; null when the command has ended. */
    public String ask(final String line) throws IOException {
        in.write(line + "\n");
        in.flush();
        return out.readLine();
    }

    /** Ends the command by the end of its input, and by SIGKILL when that does not help. */
    @Override
    public void close() {
        try {
            in.close();
        } catch (final IOException e) {
            // It has ended already.
        }
        try {
            if (!process.waitFor(END_SECONDS, TimeUnit.SECONDS)) {
                Shell.endTree(process);
            }
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
