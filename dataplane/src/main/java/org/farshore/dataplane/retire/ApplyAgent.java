package org.farshore.dataplane.retire;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.agrona.concurrent.Agent;
import org.agrona.concurrent.ManyToOneConcurrentArrayQueue;
import org.farshore.dataplane.journal.JournalCommitAgent;
import org.farshore.dataplane.journal.StreamState;
import org.farshore.dataplane.recover.FollowAgent;
import org.farshore.dataplane.runtime.Clocks;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;
import org.farshore.dataplane.volume.StreamVolume;

/**
 * The apply thread: opens streams and replicas when the receive thread asks, and brings each stream into its replicas, one
 * after the other. The only thread that waits for a replica's disk.
 */
public final class ApplyAgent implements Agent {
    private static final int REQUESTS_MAX = 256;

    private final Clocks clocks;
    private final TargetStreams targetStreams;
    private final JournalCommitAgent commitAgent;
    private final FollowAgent followAgent;
    private final ApplyStage stage;
    private final ManyToOneConcurrentArrayQueue<Request> requests = new ManyToOneConcurrentArrayQueue<>(REQUESTS_MAX);
    private final List<TargetStream> streams = new ArrayList<>();
    private volatile List<TargetStream> published = List.of();
    private int active = -1;
    private int next;

    /** Something another thread waits for; it looks at {@link #isDone()} in later duty cycles. */
    public abstract static class Request {
        private String refusal;
        private volatile boolean done;

        /** True when the answer is there. */
        public final boolean isDone() {
            return done;
        }

        /** Why it was refused, or null. */
        public final String refusal() {
            return refusal;
        }

        abstract void execute(ApplyAgent agent) throws IOException, ReplicaRefusedException;
    }

    /** Opens or makes the stream of a machine. */
    public static final class OpenStream extends Request {
        private final long machineIdHigh;
        private final long machineIdLow;
        private TargetStream stream;

        public OpenStream(final long machineIdHigh, final long machineIdLow) {
            this.machineIdHigh = machineIdHigh;
            this.machineIdLow = machineIdLow;
        }

        /** The stream, when done. */
        public TargetStream stream() {
            return stream;
        }

        @Override
        void execute(final ApplyAgent agent) throws IOException {
            stream = agent.open(machineIdHigh, machineIdLow);
        }
    }

    /** Opens, makes or grows the replica of a volume before the volume's record is taken into the journal. */
    public static final class OpenReplica extends Request {
        private final TargetStream target;
        private final StreamVolume volume;
        private final int generation;
        private ReplicaVolume replica;

        public OpenReplica(final TargetStream target, final StreamVolume volume, final int generation) {
            this.target = target;
            this.volume = volume;
            this.generation = generation;
        }

        /** The volume that was asked for. */
        public StreamVolume volume() {
            return volume;
        }

        /** The replica, when done and not refused. */
        public ReplicaVolume replica() {
            return replica;
        }

        @Override
        void execute(final ApplyAgent agent) throws IOException, ReplicaRefusedException {
            replica = agent.targetStreams.openReplica(target.machine(), volume, generation, target.apply(), false);
        }
    }

    /** Sets how far back the points of a stream are kept; it stays so over restarts. */
    public static final class SetRetention extends Request {
        private final TargetStream target;
        private final long windowNs;

        /** @param windowNs nanoseconds; 0 keeps nothing, {@link StreamState#RETENTION_UNSET} what the role is set to. */
        public SetRetention(final TargetStream target, final long windowNs) {
            this.target = target;
            this.windowNs = windowNs;
        }

        @Override
        void execute(final ApplyAgent agent) throws ReplicaRefusedException {
            target.apply().retentionWindow(windowNs, agent.targetStreams.defaultWindowNs());
            if (target.history() == null && windowNs != 0) {
                throw new ReplicaRefusedException(
                        "the window is stored; it was 0 when the role opened this stream, so points"
                                + " are kept from its next start on");
            }
        }
    }

    /** Gives up what a stream's journal holds below a position; see {@link StreamApply#beginAnew}. */
    public static final class BeginAnew extends Request {
        private final TargetStream target;
        private final long position;

        /** @param position a place of the journal that is durable; negative for its end. */
        public BeginAnew(final TargetStream target, final long position) {
            this.target = target;
            this.position = position;
        }

        @Override
        void execute(final ApplyAgent agent) throws ReplicaRefusedException {
            if (!target.apply().isHalted()
                    || target.fence().rule().refusal() == null
                    || !target.fence().isObeyed()) {
                throw new ReplicaRefusedException("stream " + target.machine() + " is in use");
            }
            final long from = position < 0 ? target.journal().committer().durablePosition() : position;
            target.apply().beginAnew(from, target.fence().held());
        }
    }

    /** The streams that are open; any thread. */
    public List<TargetStream> streams() {
        return published;
    }

    /**
     * Makes the agent; nothing is opened yet.
     *
     * @param arenaLength memory in which writes are coalesced, bytes, at most 256 MiB.
     */
    public ApplyAgent(
            final Clocks clocks,
            final TargetStreams targetStreams,
            final JournalCommitAgent commitAgent,
            final FollowAgent followAgent,
            final int arenaLength) {
        this.clocks = clocks;
        this.targetStreams = targetStreams;
        this.commitAgent = commitAgent;
        this.followAgent = followAgent;
        this.stage = new ApplyStage(arenaLength);
    }

    /** Any thread: asks; false when too much is asked at once. */
    public boolean offer(final Request request) {
        return requests.offer(request);
    }

    /** Opens a stream before the threads are started. */
    public TargetStream open(final long machineIdHigh, final long machineIdLow) throws IOException {
        final TargetStream stream = targetStreams.open(machineIdHigh, machineIdLow, stage);
        commitAgent.add(stream.journal().committer());
        if (stream.history() != null) {
            followAgent.add(stream.history());
        }
        streams.add(stream);
        published = List.copyOf(streams);
        return stream;
    }

    /**
     * One request, then one step of one stream.
     *
     * @throws FarshoreException STORAGE when a state record or a journal cannot be used any more: the role ends with it. A
     *     request that a disk refuses is answered with a refusal, a replica that fails holds its own stream alone.
     */
    @Override
    public int doWork() {
        return answer() + apply(clocks.nanoTime());
    }

    private int answer() {
        final Request request = requests.poll();
        if (request == null) {
            return 0;
        }
        try {
            request.execute(this);
        } catch (final ReplicaRefusedException e) {
            request.refusal = e.getMessage();
        } catch (final IOException e) {
            request.refusal = "cannot be opened: " + e;
        } catch (final FarshoreException e) {
            if (e.exitCode() != ExitCode.STORAGE) {
                throw e;
            }
            request.refusal = e.getMessage();
        }
        request.done = true;
        return 1;
    }

    private int apply(final long nowNs) {
        if (active >= 0) {
            final StreamApply apply = streams.get(active).apply();
            final int work = apply.doWork(nowNs, false);
            active = apply.isActive() ? active : -1;
            return work;
        }
        for (int i = 0; i < streams.size(); i++) {
            next = next + 1 < streams.size() ? next + 1 : 0;
            final TargetStream stream = streams.get(next);
            if (stream.refusal() == null && stream.apply().doWork(nowNs, true) > 0) {
                active = stream.apply().isActive() ? next : -1;
                return 1;
            }
        }
        return 0;
    }

    @Override
    public void onClose() {
        for (final TargetStream stream : streams) {
            stream.apply().close();
        }
        stage.close();
    }

    @Override
    public String roleName() {
        return "apply";
    }
}
