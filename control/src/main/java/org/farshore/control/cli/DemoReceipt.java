package org.farshore.control.cli;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.farshore.dataplane.runtime.HumanText;
import org.farshore.dataplane.runtime.ReplicationCounter;

/**
 * The end of the demo: what was proven and what it took.
 *
 * @param capture {@code ebpf} or {@code scan}.
 * @param travel what came of going back in time; null when it was not done.
 * @param notShown what this run cannot show; empty when it shows everything.
 * @param seconds from the start of the demo to the receipt.
 * @param kills how often a role was killed with SIGKILL.
 */
record DemoReceipt(
        String capture,
        List<DemoProof> proofs,
        DemoTimeTravel.Outcome travel,
        DemoNumbers numbers,
        String notShown,
        double seconds,
        int kills) {
    private static final int NOT_SHOWN_WIDTH = 64;
    private static final Gson GSON =
            new GsonBuilder().disableHtmlEscaping().serializeNulls().create();

    boolean equal() {
        return !proofs.isEmpty() && proofs.stream().allMatch(DemoProof::equal) && (travel == null || travel.equal());
    }

    /** The one object on standard output. */
    String json() {
        final Map<String, Object> object = new LinkedHashMap<>();
        object.put("result", equal() ? "equal" : "different");
        object.put("capture", capture);
        object.put("sourceSha256", proofs.stream().map(DemoProof::sourceSha256).toList());
        object.put(
                "replicaSha256", proofs.stream().map(DemoProof::replicaSha256).toList());
        object.put("capturedBytes", numbers.agent(ReplicationCounter.CAPTURED_BYTES));
        object.put("capturedRecords", numbers.agent(ReplicationCounter.CAPTURED_RECORDS));
        object.put("initialCopyBytes", numbers.agent(ReplicationCounter.INITIAL_COPY_BYTES));
        object.put("resyncBytes", numbers.agent(ReplicationCounter.RESYNC_BYTES));
        object.put("repairBytes", numbers.agent(ReplicationCounter.REPAIR_BYTES));
        object.put("droppedRecords", numbers.agent(ReplicationCounter.CAPTURE_DROPPED));
        object.put("sentBytes", numbers.agent(ReplicationCounter.SENT_BYTES));
        object.put("optimisedInBytes", numbers.optimisedIn());
        object.put("optimisedOutBytes", numbers.optimisedOut());
        object.put("recoveryPoints", numbers.target().sum(ReplicationCounter.POINTS));
        if (travel != null) {
            final Map<String, Object> point = new LinkedHashMap<>();
            point.put("time", travel.time());
            point.put("sequence", travel.sequence());
            object.put("recoveredPoint", point);
            object.put("viewOpenMs", travel.openMs());
            object.put("viewResult", travel.equal() ? "equal" : travel.complaint());
        }
        final Map<String, Object> lag = new LinkedHashMap<>();
        lag.put("p50", numbers.agent().max(ReplicationCounter.RECOVERY_LAG_P50));
        lag.put("p99", numbers.agent().max(ReplicationCounter.RECOVERY_LAG_P99));
        lag.put("max", numbers.agent().max(ReplicationCounter.RECOVERY_LAG_MAX));
        object.put("recoveryPointLagMs", lag);
        object.put("seconds", Math.round(seconds * 10) / 10.0);
        object.put("kills", kills);
        object.put("notShown", notShown);
        object.put("volumes", volumes());
        return GSON.toJson(object);
    }

    private List<Object> volumes() {
        final List<Object> volumes = new ArrayList<>();
        for (final DemoProof proof : proofs) {
            final Map<String, Object> volume = new LinkedHashMap<>();
            volume.put("name", proof.volume());
            volume.put("sizeBytes", proof.sizeBytes());
            volume.put("source", proof.source().toString());
            volume.put("replica", proof.replica().toString());
            volume.put("equal", proof.equal());
            volume.put("differences", proof.differences());
            volume.put("fileSystem", proof.fileSystem().isEmpty() ? "clean" : proof.fileSystem());
            volume.put("database", proof.database().isEmpty() ? "ok" : proof.database());
            volume.put("transactions", proof.transactions());
            volumes.add(volume);
        }
        return volumes;
    }

    /** The object on standard output when the demo did not come to a comparison. */
    static String failureJson(final String capture, final String reason, final double seconds, final int kills) {
        final Map<String, Object> object = new LinkedHashMap<>();
        object.put("result", "failed");
        object.put("capture", capture);
        object.put("reason", reason);
        object.put("seconds", Math.round(seconds * 10) / 10.0);
        object.put("kills", kills);
        return GSON.toJson(object);
    }

    /** For people. */
    List<String> lines() {
        final List<String> lines = new ArrayList<>();
        lines.add("");
        lines.add("  RECEIPT      " + (equal() ? "EQUAL: the copy is the disk, to the last bit" : "DIFFERENT"));
        for (final DemoProof proof : proofs) {
            lines.addAll(volumeLines(proof));
        }
        if (travel != null) {
            add(
                    lines,
                    "in the past",
                    travel.equal()
                            ? "equal to the disk before it was scribbled over; opened in "
                                    + HumanText.durationMs(travel.openMs())
                            : travel.complaint());
        }
        add(lines, "capture", capture);
        add(lines, "initial copy", HumanText.bytes(numbers.agent(ReplicationCounter.INITIAL_COPY_BYTES)) + " read");
        add(
                lines,
                "captured",
                HumanText.bytes(numbers.agent(ReplicationCounter.CAPTURED_BYTES)) + " in "
                        + HumanText.count(numbers.agent(ReplicationCounter.CAPTURED_RECORDS)) + " writes, "
                        + HumanText.count(numbers.agent(ReplicationCounter.CAPTURE_DROPPED)) + " dropped");
        add(
                lines,
                "read again",
                "resync " + HumanText.bytes(numbers.agent(ReplicationCounter.RESYNC_BYTES)) + ", repair "
                        + HumanText.bytes(numbers.agent(ReplicationCounter.REPAIR_BYTES)));
        add(
                lines,
                "sent",
                HumanText.bytes(numbers.agent(ReplicationCounter.SENT_BYTES))
                        + " by the agent; the process server made " + DemoScreen.ratio(numbers) + " of it");
        add(
                lines,
                "lag",
                "p50 " + HumanText.durationMs(numbers.agent().max(ReplicationCounter.RECOVERY_LAG_P50)) + ", p99 "
                        + HumanText.durationMs(numbers.agent().max(ReplicationCounter.RECOVERY_LAG_P99)) + ", max "
                        + HumanText.durationMs(numbers.agent().max(ReplicationCounter.RECOVERY_LAG_MAX))
                        + " from capture to durable");
        add(lines, "points", HumanText.count(numbers.target().sum(ReplicationCounter.POINTS)) + " recovery points cut");
        add(
                lines,
                "kills",
                kills == 0 ? "none" : kills + ", process server, SIGKILL" + (equal() ? "; nothing was lost" : ""));
        add(lines, "time", String.format(Locale.ROOT, "%.0f s", seconds));
        if (!notShown.isEmpty()) {
            DemoScreen.wrap(notShown, NOT_SHOWN_WIDTH)
                    .forEach(line ->
                            add(lines, line.equals(notShown) || notShown.startsWith(line) ? "not shown" : "", line));
        }
        return lines;
    }

    private static List<String> volumeLines(final DemoProof proof) {
        final List<String> lines = new ArrayList<>();
        add(
                lines,
                proof.volume(),
                HumanText.bytes(proof.sizeBytes()) + ", " + proof.source() + "; SHA-256 past the page cache:");
        add(lines, "  source", proof.sourceSha256());
        add(lines, "  replica", proof.replicaSha256());
        if (!proof.differences().isEmpty()) {
            add(lines, "  differs", String.join(", ", proof.differences()));
        }
        add(lines, "  e2fsck", proof.fileSystem().isEmpty() ? "clean (e2fsck -fn on the replica)" : proof.fileSystem());
        add(
                lines,
                "  SQLite",
                proof.database().isEmpty()
                        ? "sound, on the replica; sums right, all " + HumanText.count(proof.transactions())
                                + " transactions there"
                        : proof.database());
        return lines;
    }

    private static void add(final List<String> lines, final String name, final String text) {
        lines.add(String.format("  %-12s %s", name, text));
    }
}
