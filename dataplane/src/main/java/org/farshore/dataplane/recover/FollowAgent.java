package org.farshore.dataplane.recover;

import java.util.ArrayList;
import java.util.List;
import org.agrona.concurrent.Agent;
import org.agrona.concurrent.ManyToOneConcurrentArrayQueue;
import org.farshore.dataplane.runtime.Clocks;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;

/**
 * The follow thread: brings the version index and the recovery points of each stream behind the journal's durable position,
 * and answers who asks about them.
 */
public final class FollowAgent implements Agent {
    private static final int REQUESTS_MAX = 256;
    private static final int ADDED_MAX = 1024;

    private final Clocks clocks;
    private final ManyToOneConcurrentArrayQueue<Request> requests = new ManyToOneConcurrentArrayQueue<>(REQUESTS_MAX);
    private final ManyToOneConcurrentArrayQueue<StreamHistory> added = new ManyToOneConcurrentArrayQueue<>(ADDED_MAX);
    private final List<StreamHistory> histories = new ArrayList<>();
    private volatile List<StreamHistory> published = List.of();

    /** A question or an order about one stream's past; whoever has offered it looks at {@link #isDone()} now and then. */
    public abstract static class Request {
        private final StreamHistory history;
        private String refusal;
        private volatile boolean done;

        /** About this stream. */
        protected Request(final StreamHistory history) {
            this.history = history;
        }

        /** True when the answer is there; what {@link #execute} has left in fields can then be read. */
        public final boolean isDone() {
            return done;
        }

        /** Why it was refused, or null. */
        public final String refusal() {
            return refusal;
        }

        /**
         * Follow thread: does it. Bounded: a search in the catalogue, one small file synced.
         *
         * @return null when it was done, else why not.
         */
        protected abstract String execute(StreamHistory history);
    }

    /** Makes the agent; it has no streams yet. */
    public FollowAgent(final Clocks clocks) {
        this.clocks = clocks;
    }

    /** Follows this stream from now on. Any thread. */
    public void add(final StreamHistory history) {
        if (!added.offer(history)) {
            throw new FarshoreException(ExitCode.INVARIANT, "more than " + ADDED_MAX + " streams added at once");
        }
    }

    /** Asks; false when too much is asked at once. Any thread. */
    public boolean offer(final Request request) {
        return requests.offer(request);
    }

    /** The streams that are followed; any thread. */
    public List<StreamHistory> histories() {
        return published;
    }

    /**
     * One request, then one step of each stream.
     *
     * @throws FarshoreException STORAGE when an index cannot be read or written any more: the role ends with it.
     */
    @Override
    public int doWork() {
        final long nowNs = clocks.nanoTime();
        int work = takeAdded() + answer();
        for (int i = 0; i < histories.size(); i++) {
            work += histories.get(i).doWork(nowNs);
        }
        return work;
    }

    private int takeAdded() {
        final StreamHistory history = added.poll();
        if (history == null) {
            return 0;
        }
        histories.add(history);
        published = List.copyOf(histories);
        return 1;
    }

    private int answer() {
        final Request request = requests.poll();
        if (request == null) {
            return 0;
        }
        request.refusal = request.execute(request.history);
        request.done = true;
        return 1;
    }

    @Override
    public void onClose() {
        while (takeAdded() > 0) {
            // All of them are closed below.
        }
        for (final StreamHistory history : histories) {
            history.close();
        }
    }

    @Override
    public String roleName() {
        return "follow";
    }
}
