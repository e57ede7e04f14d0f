package org.farshore.tests.simulation;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.farshore.dataplane.codecs.failover.FailoverPhase;
import org.farshore.dataplane.codecs.failover.ViewPurpose;
import org.farshore.dataplane.failover.FailoverReport;
import org.farshore.dataplane.failover.ViewReport;
import org.farshore.dataplane.recover.ViewLeases;
import org.farshore.dataplane.retire.TargetStream;

/**
 * Who must own the disks of the machine, and which views there must be: what commands were answered, taken together. A command
 * that was cut off has happened or has not, nothing between; one that was refused has not.
 */
final class FailoverTruth {
    /** What an operator wants. */
    enum Intent {
        NOTHING,
        OPEN,
        CLOSE,
        FAIL_OVER,
        CHANGE_POINT,
        CANCEL,
        COMMIT,
        RELEASE
    }

    /** What he was told. */
    enum Answer {
        DONE,
        REFUSED,
        NONE
    }

    /** Makes the user of a volume of a view that is there for the first time. */
    interface Users {
        ViewUser newUser(ViewReport view, ViewReport.Volume volume);
    }

    /** One view and those who use it. */
    record Opened(ViewPurpose purpose, List<ViewUser> users) {}

    /** Where views lie. */
    static final Path VIEWS = RoleLife.DATA.resolve(RoleLife.MACHINE).resolve("views");

    private final Users users;
    private final Map<String, Opened> views = new TreeMap<>();
    /** Closed, but not all of them could be removed: they may be there again after a start. */
    private final Map<String, Opened> halfClosed = new TreeMap<>();

    private final Set<String> unusable = new TreeSet<>();
    private boolean needsRestart;
    private FailoverPhase phase = FailoverPhase.REPLICATING;
    private int generation;
    private String diskId = "";

    FailoverTruth(final Users users) {
        this.users = users;
    }

    FailoverPhase phase() {
        return phase;
    }

    /** True from the answer to a failover to the end of what follows from it. */
    boolean isFenced() {
        return phase != FailoverPhase.REPLICATING;
    }

    boolean isCommitting() {
        return isFenced() && phase != FailoverPhase.FENCED && phase != FailoverPhase.FAILED_OVER;
    }

    /** Views by id. */
    Map<String, Opened> views() {
        return views;
    }

    /** The view that is the disk, or empty. */
    String diskId() {
        return diskId;
    }

    /** True when a view cannot be used before the next start of the role. */
    boolean needsRestart() {
        return needsRestart
                || views.values().stream().flatMap(view -> view.users.stream()).anyMatch(ViewUser::isStopped);
    }

    /** The role is no more. */
    void stopped(final boolean isPowerCut) {
        views.values().forEach(view -> view.users.forEach(user -> user.stopped(isPowerCut)));
        halfClosed.values().forEach(view -> view.users.forEach(user -> user.stopped(isPowerCut)));
    }

    /**
     * Holds what the role says of itself against what it must be.
     *
     * @param subject id of the view that the intent was about, or empty.
     * @param mayMiss true when journal may have been damaged.
     */
    void audit(
            final Intent intent,
            final Answer answer,
            final String subject,
            final FailoverReport report,
            final Collection<ViewReport> reports,
            final boolean mayMiss) {
        final String story = intent + " of '" + subject + "' answered " + answer + ", was " + phase + " " + diskId
                + ", is " + report.phase() + " " + report.viewId();
        if (!phasesBehind(intent, answer).contains(report.phase())) {
            throw new Violation("I5", "nobody asked for this: " + story);
        }
        if (report.generation() < generation) {
            throw new Violation("I5", "generation " + report.generation() + " behind " + generation + ": " + story);
        }
        final Set<String> ids = new TreeSet<>();
        unusable.clear();
        needsRestart = false;
        for (final ViewReport view : reports) {
            ids.add(view.id());
            if (!view.complaint().isEmpty()) {
                complained(view, mayMiss);
            }
            if (!views.containsKey(view.id())) {
                appeared(view, intent, report, story);
            }
        }
        for (final String id : List.copyOf(views.keySet())) {
            if (!ids.contains(id)) {
                checkVanished(id, intent, subject, report, story);
                final Opened closed = views.remove(id);
                if (answer == Answer.REFUSED) {
                    halfClosed.put(id, closed);
                }
            }
        }
        checkAnswered(intent, answer, subject, report, story);
        phase = report.phase();
        generation = report.generation();
        diskId = report.viewId();
    }

    private EnumSet<FailoverPhase> phasesBehind(final Intent intent, final Answer answer) {
        final EnumSet<FailoverPhase> phases =
                isCommitting() ? EnumSet.range(phase, FailoverPhase.COMMITTED) : EnumSet.of(phase);
        final boolean isSure = answer == Answer.DONE;
        switch (intent) {
            case FAIL_OVER -> {
                phases.addAll(EnumSet.range(FailoverPhase.REPLICATING, FailoverPhase.FAILED_OVER));
                return isSure ? EnumSet.of(FailoverPhase.FAILED_OVER) : phases;
            }
            case CANCEL -> {
                phases.add(FailoverPhase.REPLICATING);
                return isSure ? EnumSet.of(FailoverPhase.REPLICATING) : phases;
            }
            case COMMIT -> {
                phases.addAll(EnumSet.range(phase, FailoverPhase.COMMITTED));
                return isSure ? EnumSet.of(FailoverPhase.COMMITTED) : phases;
            }
            case RELEASE -> {
                phases.add(FailoverPhase.REPLICATING);
                return isSure ? EnumSet.of(FailoverPhase.REPLICATING) : phases;
            }
            default -> {
                return phases;
            }
        }
    }

    /** A view that cannot be used says why; a disk may have failed while it was opened again, or what it shows is lost. */
    private void complained(final ViewReport view, final boolean mayMiss) {
        final boolean isPassing = view.complaint().contains("simulated failure")
                || view.complaint().contains("No space left");
        unusable.add(view.id());
        needsRestart |= isPassing;
        if (!isPassing && !mayMiss) {
            throw new Violation("I9", "view " + view.id() + " is unusable: " + view.complaint());
        }
    }

    private void appeared(final ViewReport view, final Intent intent, final FailoverReport report, final String story) {
        final Opened returned = halfClosed.remove(view.id());
        if (returned != null) {
            views.put(view.id(), returned);
            return;
        }
        final boolean isWanted = view.purpose() == ViewPurpose.FAILOVER
                ? (intent == Intent.FAIL_OVER || intent == Intent.CHANGE_POINT)
                        && view.id().equals(report.viewId())
                : intent == Intent.OPEN;
        if (!isWanted) {
            throw new Violation("I5", "view " + view.id() + " is there and nobody has it: " + story);
        }
        final List<ViewUser> made = new ArrayList<>();
        view.volumes().forEach(volume -> made.add(users.newUser(view, volume)));
        views.put(view.id(), new Opened(view.purpose(), made));
    }

    private void checkVanished(
            final String id,
            final Intent intent,
            final String subject,
            final FailoverReport report,
            final String story) {
        final boolean isClosed = id.equals(subject)
                && switch (intent) {
                    case CLOSE -> true;
                    case CANCEL, RELEASE -> report.phase() == FailoverPhase.REPLICATING;
                    case CHANGE_POINT -> !report.viewId().equals(id);
                    default -> false;
                };
        if (!isClosed) {
            throw new Violation("I2", "view " + id + " is gone: " + story);
        }
    }

    private void checkAnswered(
            final Intent intent,
            final Answer answer,
            final String subject,
            final FailoverReport report,
            final String story) {
        final boolean isThere = views.containsKey(subject);
        final boolean isDone = answer == Answer.DONE;
        final boolean isWrong = switch (intent) {
            case CLOSE, CANCEL, RELEASE -> isDone && isThere && !subject.isEmpty();
            case CHANGE_POINT -> isDone && (isThere || report.viewId().equals(subject));
            default -> false;
        };
        final boolean hasDisk = views.containsKey(report.viewId());
        final boolean wantsDisk = report.phase() != FailoverPhase.REPLICATING && report.phase() != FailoverPhase.FENCED;
        if (isWrong || hasDisk != wantsDisk) {
            throw new Violation("I5", "views " + views.keySet() + " do not fit: " + story);
        }
    }

    /** No file, no lease and no export but those of the views that are open, and each of those is served. */
    void checkTraces(final List<String> files, final TargetStream stream, final SimulatedExports exports) {
        final List<String> left = new ArrayList<>(files);
        left.removeAll(views.keySet());
        final Set<String> names = exports.names();
        int volumes = 0;
        for (final Map.Entry<String, Opened> view : views.entrySet()) {
            volumes += view.getValue().users.size();
            for (final ViewUser user : view.getValue().users) {
                if (!names.remove(user.exportName()) && !unusable.contains(view.getKey())) {
                    throw new Violation("I8", user.exportName() + " is not served");
                }
            }
        }
        final List<String> holders = stream.history().leases().held().stream()
                .map(ViewLeases.Lease::holder)
                .filter(holder -> holder.startsWith("view "))
                .toList();
        if (!left.isEmpty() || !names.isEmpty() || holders.size() > volumes) {
            throw new Violation(
                    "G5",
                    "of closed views there are left: files " + left + ", exports " + names + ", leases " + holders
                            + " for " + volumes + " open volumes");
        }
    }

    /** For people. */
    String describe() {
        final StringBuilder text = new StringBuilder("failover " + phase + " " + diskId);
        views.values()
                .forEach(view -> view.users.forEach(user -> text.append(", ").append(user.describe())));
        return text.append(unusable.isEmpty() ? "" : ", unusable " + unusable).toString();
    }
}
