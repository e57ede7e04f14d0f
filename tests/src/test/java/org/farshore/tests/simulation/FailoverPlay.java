package org.farshore.tests.simulation;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.farshore.dataplane.codecs.failover.FailoverPhase;
import org.farshore.dataplane.failover.FailoverAgent;
import org.farshore.dataplane.failover.FailoverReport;
import org.farshore.dataplane.failover.ViewReport;
import org.farshore.dataplane.mastertarget.MasterTargetAgents;
import org.farshore.dataplane.recover.RecoveryPoint;
import org.farshore.dataplane.retire.TargetStream;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;
import org.farshore.tests.simulation.FailoverTruth.Answer;
import org.farshore.tests.simulation.FailoverTruth.Intent;

/**
 * Somebody who operates the master target of a world, and those who use the views that he opens: test failovers, failovers,
 * other points, cancels and commits at random moments, by the role's own commands, while the world goes on and the role dies,
 * loses power, and its disk fails, also between any two operations of a command or of a write to a view.
 *
 * <p><b>What must hold.</b>
 * <ul>
 *   <li>A view shows its point, byte for byte, and over it what was written to it. After any end of the role everything that
 *       was flushed is there, and each byte that was not is what it was or what was written ({@link ViewDisk}).
 *   <li>Behind a sync that failed the volume answers nothing until the next life of the role, and that shows no byte as
 *       durable which the disk has lost.
 *   <li>A view that was opened is there after every start, until it is closed. What was closed, cancelled or given up for
 *       another point leaves no file, no export and no lease.
 *   <li>From the answer to a failover on nothing of the source becomes durable, whatever dies, until the failover is
 *       cancelled, which loses nothing of the source, or until the machine was committed.
 *   <li>A commit only ever goes forward. While it runs the view shows the same and takes writes; when it is done and the
 *       view is closed, the replicas are what the view last showed, and the next generation finds nothing of the one
 *       before: it compares, and then the world's own invariants hold again ({@link World}).
 * </ul>
 *
 * <p>When the world becomes quiet the operator closes everything, commits or cancels, and goes home.
 */
final class FailoverPlay {
    private static final long MS_NS = 1_000_000L;
    private static final int VIEWS_MAX = 3;
    private static final int COMMITS_MAX = 2;

    private final Stage stage;
    private final int commitsMax;
    private final Dice operator;
    private final Dice users;
    private final Tally tally;
    private final FailoverTruth truth = new FailoverTruth(this::newUser);
    private final OperatorConsole console = new OperatorConsole();
    private Intent intent = Intent.NOTHING;
    private Answer answer = Answer.NONE;
    private String subject = "";
    private boolean mustAudit = true;
    private boolean mayLeave;
    private FailoverAgent.Order<List<ViewReport>> viewsOrder;
    private FailoverAgent.Order<FailoverReport> reportOrder;
    private long nextActNs;
    private long nextUseNs;
    private long nextHarmNs;
    private long fencedEnd = Long.MAX_VALUE;
    private int commits;
    private byte[][] released;
    private boolean isOver;

    /** The world around the play. */
    interface Stage {
        /** What a volume held at a point, or null when nobody knows. */
        byte[] contentAt(long sequence, int volume);

        /** True when journal may have been damaged. */
        boolean mayMiss();

        /** Nobody else holds a moment now. */
        void letGo();

        /** The points there are need not be there any more. */
        void givePointsUp();

        /** The source's agent dies and stays away. */
        void stopSource();

        /** It may come back. */
        void startSource();

        /** The source starts anew; nothing of what was promised before counts. */
        void beginGeneration(long endSequence);

        /** The role is stopped by its operator, and starts again. */
        void restartTarget();

        /** A replica as it is read now. */
        byte[] replica(int volume);

        /** Something bad befalls the target within its next operations. */
        void harmTarget();

        /** The disk that views are served from. */
        TargetDisk disk();
    }

    /**
     * @param mayCommit false where journal rots: a commit that needs a damaged frame stands still, and there is no way to go
     *     on without it.
     */
    FailoverPlay(final Stage stage, final long seed, final boolean mayCommit, final Tally tally) {
        this.stage = stage;
        commitsMax = mayCommit ? COMMITS_MAX : 0;
        this.tally = tally;
        operator = Dice.of(seed, "operator");
        users = Dice.of(seed, "users");
    }

    /** True when everything was closed, in a quiet world. */
    boolean isOver() {
        return isOver;
    }

    /** True while points may be withdrawn, or leases are counted: nobody else looks at the past. */
    boolean isBusy() {
        return !isOver && (mustAudit || console.isUnderWay() || truth.isCommitting());
    }

    /** The role is no more, and with it what was in memory. */
    void stopped(final boolean isPowerCut) {
        console.hangUp();
        truth.stopped(isPowerCut);
        viewsOrder = null;
        reportOrder = null;
        mustAudit = true;
        mayLeave = false;
        if (intent != Intent.NOTHING) {
            tally.reached(Rarity.COMMAND_CUT_OFF);
        }
    }

    /** One turn, in the middle of which the role may die; returns work done. */
    int advance(
            final MasterTargetAgents target, final SimulatedExports exports, final long nowNs, final boolean isQuiet) {
        final List<TargetStream> streams = target.applyAgent().streams();
        if (isOver || streams.isEmpty()) {
            return 0;
        }
        final TargetStream stream = streams.get(0);
        checkFence(stream);
        if (mustAudit) {
            return audit(target, stream, exports);
        }
        int work = 0;
        if (!isQuiet && nowNs >= nextHarmNs) {
            nextHarmNs = nowNs + operator.between(200 * MS_NS, 6_000 * MS_NS);
            stage.harmTarget();
        }
        if (console.isUnderWay()) {
            console.step();
            work++;
            if (!console.isUnderWay()) {
                answered(stream);
            }
        } else if (nowNs >= nextActNs && truth.needsRestart()) {
            nextActNs = nowNs + operator.between(20 * MS_NS, 200 * MS_NS);
            stage.restartTarget();
            return 1;
        } else if (nowNs >= nextActNs) {
            nextActNs = nowNs + operator.between(20 * MS_NS, (isQuiet ? 200 : 1_500) * MS_NS);
            act(target, stream, exports, isQuiet);
            work++;
        }
        return work + use(exports, nowNs);
    }

    /** Nothing of the source is taken from the answer to a failover on. */
    private void checkFence(final TargetStream stream) {
        final long end = stream.history().points().endSequence();
        if (end > fencedEnd && intent != Intent.CANCEL && truth.phase() != FailoverPhase.COMMITTED) {
            throw new Violation(
                    "I5",
                    "the source was refused behind sequence " + fencedEnd + ", and " + end
                            + " is durable: it wrote behind the view");
        }
    }

    // users

    private ViewUser newUser(final ViewReport view, final ViewReport.Volume volume) {
        final byte[] content = stage.contentAt(
                view.point().sequence(), Integer.parseInt(volume.name().substring(1)));
        if (content != null && content.length != volume.sizeBytes()) {
            throw new Violation(
                    "I9",
                    volume.exportName() + " has " + volume.sizeBytes() + " bytes, the volume had " + content.length);
        }
        return new ViewUser(volume.exportName(), content, stage::mayMiss, users, tally);
    }

    private int use(final SimulatedExports exports, final long nowNs) {
        final List<ViewUser> all = new ArrayList<>();
        truth.views().values().forEach(view -> all.addAll(view.users()));
        if (all.isEmpty() || nowNs < nextUseNs || released != null) {
            return 0;
        }
        nextUseNs = nowNs + users.between(MS_NS / 2, 40 * MS_NS);
        final ViewUser user = all.get(users.below(all.size()));
        final long failingRead = users.oneIn(40) ? 1 + users.below(3) : 0;
        stage.disk()
                .failReadWithin(
                        failingRead, () -> user.use(exports, stage.disk().files()));
        return 1;
    }

    // commands

    private void act(
            final MasterTargetAgents target,
            final TargetStream stream,
            final SimulatedExports exports,
            final boolean isQuiet) {
        switch (truth.phase()) {
            case REPLICATING -> whileReplicating(target, stream, isQuiet);
            case FENCED -> {
                final boolean isGivenUp = isQuiet || operator.oneIn(3);
                begin(target, isGivenUp ? Intent.CANCEL : Intent.FAIL_OVER, "", stream);
            }
            case FAILED_OVER -> whileFailedOver(target, stream, isQuiet);
            case COMMITTED -> {
                if (isQuiet || operator.oneIn(3)) {
                    release(target, stream, exports);
                }
            }
            default -> begin(target, Intent.COMMIT, "", stream);
        }
    }

    private void whileReplicating(final MasterTargetAgents target, final TargetStream stream, final boolean isQuiet) {
        final int viewCount = truth.views().size();
        final int wish = operator.below(6);
        if (isQuiet && viewCount == 0) {
            isOver = true;
        } else if (viewCount > 0 && (isQuiet || wish == 0 || viewCount == VIEWS_MAX)) {
            begin(target, Intent.CLOSE, drawnView(), stream);
        } else {
            begin(target, wish < 4 ? Intent.OPEN : Intent.FAIL_OVER, "", stream);
        }
    }

    private void whileFailedOver(final MasterTargetAgents target, final TargetStream stream, final boolean isQuiet) {
        final int wish = operator.below(8);
        final boolean mayCommit = commits < commitsMax;
        if (mayCommit && (wish == 0 || wish == 1)) {
            final String other = drawnView();
            begin(target, other.isEmpty() ? Intent.COMMIT : Intent.CLOSE, other, stream);
        } else if (isQuiet || wish == 2) {
            begin(target, Intent.CANCEL, truth.diskId(), stream);
        } else if (wish == 3 || wish == 4) {
            begin(target, Intent.CHANGE_POINT, truth.diskId(), stream);
        } else if (wish == 5 && truth.views().size() < VIEWS_MAX) {
            begin(target, Intent.OPEN, "", stream);
        }
    }

    /** A view that is not the disk, or empty. */
    private String drawnView() {
        final List<String> ids = new ArrayList<>(truth.views().keySet());
        ids.remove(truth.diskId());
        return ids.isEmpty() ? "" : ids.get(operator.below(ids.size()));
    }

    private String drawnPoint(final TargetStream stream) {
        final List<RecoveryPoint> points = stream.history().points().list(List.of());
        return points.isEmpty() || operator.oneIn(3)
                ? "latest"
                : "sequence=" + points.get(operator.below(points.size())).sequence();
    }

    private void begin(
            final MasterTargetAgents target, final Intent wanted, final String about, final TargetStream stream) {
        intent = wanted;
        answer = Answer.NONE;
        subject = about;
        stage.letGo();
        switch (wanted) {
            case OPEN -> command(target, "test-failover-start", "point", drawnPoint(stream));
            case CLOSE -> command(target, "test-failover-cleanup", "view", about);
            case FAIL_OVER -> command(target, "failover", "point", drawnPoint(stream));
            case CHANGE_POINT -> command(target, "failover-change-point", "point", drawnPoint(stream));
            case CANCEL -> command(target, "failover-cancel");
            case COMMIT -> {
                stage.givePointsUp();
                command(target, "commit");
            }
            case RELEASE -> command(target, "view-close", "view", about);
            default -> throw new IllegalStateException("nothing is wanted");
        }
        if (!console.isUnderWay()) {
            answered(stream);
        }
    }

    private void command(final MasterTargetAgents target, final String verb, final String... arguments) {
        console.begin(target.commands(), verb, arguments);
    }

    /** What the replicas must be when the view that was committed is closed; its users are asked to end first. */
    private void release(final MasterTargetAgents target, final TargetStream stream, final SimulatedExports exports) {
        final byte[][] contents = new byte[RoleLife.VOLUMES_MAX][];
        for (final ViewUser user : truth.views().get(truth.diskId()).users()) {
            if (!user.settleAndFlush(exports, stage.disk().files())) {
                return;
            }
            contents[user.volume()] = user.content();
        }
        released = contents;
        stage.stopSource();
        begin(target, Intent.RELEASE, truth.diskId(), stream);
    }

    private void answered(final TargetStream stream) {
        if (console.exitCode() == ExitCode.USAGE) {
            throw new Violation("I6", intent + " was not understood: " + console.message());
        }
        answer = console.isDone() ? Answer.DONE : Answer.REFUSED;
        mayLeave |= console.exitCode() == ExitCode.STORAGE;
        mustAudit = true;
        if (answer == Answer.DONE && intent == Intent.FAIL_OVER) {
            fencedEnd = stream.history().points().endSequence();
        }
    }

    // what it came to

    private int audit(final MasterTargetAgents target, final TargetStream stream, final SimulatedExports exports) {
        final FailoverAgent agent = target.failoverAgent();
        if (viewsOrder == null) {
            viewsOrder = agent.views();
            reportOrder = agent.report(RoleLife.MACHINE);
            return 1;
        }
        if (!viewsOrder.isDone() || !reportOrder.isDone()) {
            return 0;
        }
        final List<ViewReport> views = viewsOrder.value();
        final FailoverReport report = reportOrNull();
        viewsOrder = null;
        reportOrder = null;
        if (report != null) {
            truth.audit(intent, answer, subject, report, views, stage.mayMiss());
            if (!mayLeave) {
                stage.letGo();
                truth.checkTraces(stage.disk().list(FailoverTruth.VIEWS), stream, exports);
            }
            conclude(stream);
        }
        return 1;
    }

    /** Null when the failover thread has not met the machine yet. */
    private FailoverReport reportOrNull() {
        try {
            return reportOrder.value();
        } catch (final FarshoreException e) {
            if (e.exitCode() != ExitCode.NO) {
                throw e;
            }
            return null;
        }
    }

    private void conclude(final TargetStream stream) {
        if (answer == Answer.DONE) {
            switch (intent) {
                case OPEN -> tally.reached(Rarity.TEST_FAILOVER);
                case FAIL_OVER -> tally.reached(Rarity.FAILED_OVER);
                case CHANGE_POINT -> tally.reached(Rarity.POINT_CHANGED);
                case CANCEL -> tally.reached(Rarity.CANCELLED);
                case COMMIT -> {
                    commits++;
                    tally.reached(Rarity.COMMITTED);
                }
                default -> {}
            }
        }
        if (!truth.isFenced()) {
            fencedEnd = Long.MAX_VALUE;
        }
        if (released != null && intent == Intent.RELEASE) {
            endRelease(stream);
        }
        intent = Intent.NOTHING;
        answer = Answer.NONE;
        subject = "";
        mustAudit = false;
    }

    private void endRelease(final TargetStream stream) {
        if (truth.isFenced()) {
            stage.startSource();
        } else {
            for (int volume = 0; volume < released.length; volume++) {
                checkReplica(volume);
            }
            tally.reached(Rarity.NEXT_GENERATION);
            stage.beginGeneration(stream.fence().held().endSequence());
        }
        released = null;
    }

    private void checkReplica(final int volume) {
        final byte[] wanted = released[volume];
        if (wanted == null) {
            return;
        }
        final byte[] replica = Arrays.copyOf(stage.replica(volume), wanted.length);
        final int at = Arrays.mismatch(replica, wanted);
        if (at >= 0) {
            throw new Violation(
                    "I1",
                    "the replica of volume " + volume + " was committed and has " + replica[at] + " at " + at
                            + " where the view showed " + wanted[at]);
        }
    }

    /** For people. */
    String describe() {
        return truth.describe() + ", wants " + intent + (mustAudit ? ", not audited" : "") + ", last answer '"
                + console.message() + "'";
    }
}
