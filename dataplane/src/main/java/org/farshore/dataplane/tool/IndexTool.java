package org.farshore.dataplane.tool;

import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.farshore.dataplane.index.IndexInspector;
import org.farshore.dataplane.index.LostJournal;
import org.farshore.dataplane.runtime.BlockFiles;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;
import org.farshore.dataplane.runtime.HumanText;

/** {@code farshore index}: describes and verifies version indexes, reading only. */
public final class IndexTool {
    private static final String NAME = "farshore index";
    private static final String HELP = """
            farshore index: what the version index of a master target holds. Reads only; the index may be in use.

            Usage:
              farshore index describe PATH [--json]
              farshore index verify PATH [--json]

            PATH is the data directory of a master target (all streams in it), the directory of one stream, or its
            directory index.

              describe   checkpoint, files, versions by kind and by volume
              verify     checks every page up to the checkpoint, and each version against the journal frame it names.
                         A damaged index loses nothing: the next start makes it again from the journal

              --json     for programs

            Examples:
              farshore index describe /var/lib/farshore/master-target
              farshore index verify /var/lib/farshore/master-target --json

            Exit codes: 0 done, or no damage   1 verify found damage   2 usage   74 a file cannot be read
            """;

    private static final ToolRun.Work WORK = InspectOptions.tool(NAME, HELP, IndexTool::look);

    private IndexTool() {}

    /** Runs the command and ends the process with its exit code. */
    public static void main(final String[] arguments) {
        ToolRun.main(NAME, WORK, arguments);
    }

    static int run(final BlockFiles files, final PrintStream out, final PrintStream err, final String... arguments) {
        return ToolRun.run(NAME, WORK, files, out, err, arguments);
    }

    private static ExitCode look(final BlockFiles files, final PrintStream out, final InspectOptions options)
            throws IOException {
        final List<IndexInspector> indexes = IndexInspector.find(files, options.path());
        if (indexes.isEmpty()) {
            throw InspectOptions.usage(NAME, "no version index in " + options.path());
        }
        final boolean verify = options.command().equals("verify");
        ExitCode code = ExitCode.OK;
        for (final IndexInspector index : indexes) {
            if (!index.load()) {
                throw new FarshoreException(
                        ExitCode.STORAGE,
                        "no copy of the checkpoint in " + index.directory()
                                + " is whole; the next start makes the index again from the journal");
            }
            final IndexInspector.Walk walk = index.walk(verify);
            if (options.json()) {
                out.println(JsonText.of(asMap(index, walk)));
            } else {
                print(index, walk, verify, out);
            }
            code = verify && !walk.damages().isEmpty() ? ExitCode.NO : code;
        }
        return code;
    }

    private static void print(
            final IndexInspector index, final IndexInspector.Walk walk, final boolean verify, final PrintStream out) {
        line(out, "index", index.directory().toString());
        line(out, "machine", index.machine());
        line(
                out,
                "checkpoint",
                "number " + index.checkpointCounter() + ", newest version " + index.newestId() + ", journal position "
                        + index.position());
        line(
                out,
                "files",
                index.fileCount() + " from number " + index.firstFile() + ", " + HumanText.count(walk.pages())
                        + " pages in use, " + HumanText.bytes(walk.pages() * 4096));
        line(out, "entries", kinds(walk));
        if (walk.firstPosition() >= 0) {
            line(out, "journal", "positions " + walk.firstPosition() + " to " + walk.lastPosition());
        }
        new TreeMap<>(walk.byVolume())
                .forEach((number, sum) -> line(
                        out,
                        "volume " + number,
                        HumanText.count(sum.versions()) + " versions (" + HumanText.count(sum.partial()) + " of parts, "
                                + HumanText.count(sum.coarse()) + " coarse), " + HumanText.bytes(sum.bytes())
                                + " in the journal"));
        for (final LostJournal lost : walk.lost()) {
            line(out, "LOST", "journal from " + lost.from() + " to " + lost.to() + ": writes there have no versions");
        }
        for (final String damage : walk.damages()) {
            line(out, "DAMAGED", damage);
        }
        if (verify) {
            line(
                    out,
                    "verdict",
                    walk.damages().isEmpty() ? "no damage" : "damaged: the next start makes it again from the journal");
        }
    }

    private static String kinds(final IndexInspector.Walk walk) {
        return walk.byKind().isEmpty()
                ? "none"
                : walk.byKind().entrySet().stream()
                        .map(entry -> HumanText.count(entry.getValue()) + " " + entry.getKey())
                        .collect(Collectors.joining(", "));
    }

    private static void line(final PrintStream out, final String name, final String value) {
        out.printf("%-11s %s%n", name, value);
    }

    private static Map<String, Object> asMap(final IndexInspector index, final IndexInspector.Walk walk) {
        final Map<String, Object> map = new LinkedHashMap<>();
        map.put("index", index.directory().toString());
        map.put("machine", index.machine());
        map.put("result", walk.damages().isEmpty() ? "healthy" : "damaged");
        map.put("checkpoint", index.checkpointCounter());
        map.put("newestId", index.newestId());
        map.put("position", index.position());
        map.put("firstFile", index.firstFile());
        map.put("files", index.fileCount());
        map.put("pages", walk.pages());
        map.put("entries", walk.byKind());
        final Map<String, Object> volumes = new LinkedHashMap<>();
        walk.byVolume().forEach((number, sum) -> {
            final Map<String, Object> volume = new LinkedHashMap<>();
            volume.put("versions", sum.versions());
            volume.put("partial", sum.partial());
            volume.put("coarse", sum.coarse());
            volume.put("bytes", sum.bytes());
            volumes.put(number.toString(), volume);
        });
        map.put("volumes", volumes);
        final List<Object> lost = new ArrayList<>();
        for (final LostJournal range : walk.lost()) {
            final Map<String, Object> one = new LinkedHashMap<>();
            one.put("id", range.id());
            one.put("from", range.from());
            one.put("to", range.to());
            lost.add(one);
        }
        map.put("lostJournal", lost);
        map.put("damages", walk.damages());
        return map;
    }
}
