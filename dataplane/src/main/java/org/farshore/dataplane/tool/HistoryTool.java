package org.farshore.dataplane.tool;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.farshore.dataplane.failover.FailoverInspector;
import org.farshore.dataplane.recover.FileReport;
import org.farshore.dataplane.runtime.BlockFiles;
import org.farshore.dataplane.runtime.ExitCode;

/** {@code farshore history}: describes and verifies points, pins, failover records, views and overlays, reading only. */
public final class HistoryTool {
    private static final String NAME = "farshore history";
    private static final String HELP = """
            farshore history: what a master target keeps of the past beside journal and index: the catalogue of recovery
            points, pins, who owns the disks after a failover, views and what their overlays hold. Reads only; for the
            journal see farshore journal, for the version index farshore index.

            Usage:
              farshore history describe PATH [--json]
              farshore history verify PATH [--json]

            PATH is the data directory of a master target (all machines in it), or the directory of one machine.

              describe   what each file says
              verify     the same, with a verdict. A damaged catalogue loses nothing: the next start makes it again from
                         the journal. Pins, views and failover records stand in their files twice

              --json     one object a file

            Examples:
              farshore history describe /var/lib/farshore/master-target
              farshore history verify /var/lib/farshore/master-target --json

            Exit codes: 0 done, or no damage   1 verify found damage   2 usage   74 a file cannot be read
            """;

    private static final ToolRun.Work WORK = InspectOptions.tool(NAME, HELP, HistoryTool::look);

    private HistoryTool() {}

    /** Runs the command and ends the process with its exit code. */
    public static void main(final String[] arguments) {
        ToolRun.main(NAME, WORK, arguments);
    }

    static int run(final BlockFiles files, final PrintStream out, final PrintStream err, final String... arguments) {
        return ToolRun.run(NAME, WORK, files, out, err, arguments);
    }

    private static ExitCode look(final BlockFiles files, final PrintStream out, final InspectOptions options)
            throws IOException {
        final FailoverInspector inspector = new FailoverInspector(files);
        final List<FileReport> reports = new ArrayList<>();
        for (final Path machine : machines(files, inspector, options.path())) {
            reports.addAll(inspector.machine(machine));
        }
        if (reports.isEmpty()) {
            throw InspectOptions.usage(NAME, "no history of a machine in " + options.path());
        }
        for (final FileReport report : reports) {
            out.println(options.json() ? JsonText.of(asMap(report)) : line(report));
            if (!options.json()) {
                report.damages().forEach(damage -> out.println("  DAMAGED  " + damage));
            }
        }
        final boolean healthy =
                reports.stream().allMatch(report -> report.damages().isEmpty());
        if (options.command().equals("verify") && !options.json()) {
            out.println("verdict    " + (healthy ? "no damage" : "damaged"));
        }
        return healthy || options.command().equals("describe") ? ExitCode.OK : ExitCode.NO;
    }

    private static List<Path> machines(final BlockFiles files, final FailoverInspector inspector, final Path path)
            throws IOException {
        if (inspector.isMachine(path)) {
            return List.of(path);
        }
        final List<Path> machines = new ArrayList<>();
        for (final String name : files.list(path)) {
            if (inspector.isMachine(path.resolve(name))) {
                machines.add(path.resolve(name));
            }
        }
        return machines;
    }

    private static String line(final FileReport report) {
        final String facts = report.facts().entrySet().stream()
                .map(fact -> fact.getKey() + " " + fact.getValue())
                .collect(Collectors.joining(", "));
        return String.format("%-10s %s%n           %s", report.kind(), report.file(), facts.isEmpty() ? "-" : facts);
    }

    private static Map<String, Object> asMap(final FileReport report) {
        final Map<String, Object> map = new LinkedHashMap<>();
        map.put("file", report.file().toString());
        map.put("kind", report.kind());
        map.put("result", report.damages().isEmpty() ? "healthy" : "damaged");
        map.put("facts", report.facts());
        map.put("damages", report.damages());
        return map;
    }
}
