package org.farshore.dataplane.tool;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.farshore.dataplane.journal.DamagedRange;
import org.farshore.dataplane.journal.JournalInspector;
import org.farshore.dataplane.journal.RecoveredJournal;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.HumanText;

/** {@code farshore journal verify}: is everything that was durable still there? */
final class VerifyCommand {
    private VerifyCommand() {}

    static ExitCode run(final JournalInspector journal, final PrintStream out, final JournalOptions options) {
        final JournalInspector.Walk walk = journal.walk((position, frame, buffer, offset, length) -> true);
        final List<String> damages = damages(journal, walk);
        if (options.json()) {
            out.println(JsonText.of(asMap(journal, walk, damages)));
        } else {
            print(journal, walk, damages, out);
        }
        return damages.isEmpty() ? ExitCode.OK : ExitCode.NO;
    }

    private static List<String> damages(final JournalInspector journal, final JournalInspector.Walk walk) {
        final List<String> list = new ArrayList<>();
        for (final DamagedRange range : walk.found().damages()) {
            list.add("positions " + range.from() + " to " + range.to() + " (" + journal.place(range.from()) + "): "
                    + range.reason());
        }
        for (final JournalInspector.SegmentInfo segment : journal.segments()) {
            if (!segment.headerValid()) {
                list.add(segment.name() + ": its header is damaged; the next start writes it again");
            }
        }
        if (walk.unreadableBlocks() > 0) {
            list.add(walk.unreadableBlocks() + " blocks cannot be read from the disk");
        }
        if (journal.isOneStateCopyDamaged()) {
            list.add("one of the two copies of the state record");
        }
        return list;
    }

    private static void print(
            final JournalInspector journal,
            final JournalInspector.Walk walk,
            final List<String> damages,
            final PrintStream out) {
        final RecoveredJournal found = walk.found();
        out.println(journal.directory());
        out.println("  read      " + HumanText.count(walk.groups()) + " groups, " + HumanText.count(found.frameCount())
                + " frames, up to position " + found.endPosition() + " (END sequence " + found.endSequence() + ")");
        if (found.tornLength() > 0) {
            out.println("  open tail " + HumanText.bytes(found.tornLength())
                    + " behind the end are not whole: being written now, or left by a stop; never acknowledged");
        }
        for (final String damage : damages) {
            out.println("  DAMAGED   " + damage);
        }
        out.println(damages.isEmpty() ? "  verdict   no damage" : "  verdict   damaged: see above");
    }

    private static Map<String, Object> asMap(
            final JournalInspector journal, final JournalInspector.Walk walk, final List<String> damages) {
        final RecoveredJournal found = walk.found();
        final List<Object> ranges = new ArrayList<>();
        for (final DamagedRange range : found.damages()) {
            final Map<String, Object> map = new LinkedHashMap<>();
            map.put("from", range.from());
            map.put("to", range.to());
            map.put("reason", range.reason());
            ranges.add(map);
        }
        final Map<String, Object> map = new LinkedHashMap<>();
        map.put("journal", journal.directory().toString());
        map.put("result", damages.isEmpty() ? "healthy" : "damaged");
        map.put("groups", walk.groups());
        map.put("frames", found.frameCount());
        map.put("endPosition", found.endPosition());
        map.put("endSequence", found.endSequence());
        map.put("openTailBytes", found.tornLength());
        map.put("damages", damages);
        map.put("damagedRanges", ranges);
        return map;
    }
}
