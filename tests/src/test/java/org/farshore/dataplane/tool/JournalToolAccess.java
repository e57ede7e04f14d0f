package org.farshore.dataplane.tool;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.farshore.dataplane.runtime.BlockFiles;

/** {@code farshore journal} on any files, for tests of other packages. */
public final class JournalToolAccess {
    /** What the command left behind. */
    public record Result(int exitCode, String output, String errors) {}

    private JournalToolAccess() {}

    public static Result run(final BlockFiles files, final String... arguments) {
        final ByteArrayOutputStream out = new ByteArrayOutputStream();
        final ByteArrayOutputStream err = new ByteArrayOutputStream();
        final int code = JournalTool.run(
                files,
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                arguments);
        return new Result(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }
}
