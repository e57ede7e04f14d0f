package org.farshore.dataplane.journal;

import java.util.ArrayList;
import org.agrona.concurrent.Agent;
import org.agrona.concurrent.ManyToOneConcurrentArrayQueue;
import org.farshore.dataplane.runtime.Clocks;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;

/**
 * The commit thread: serves the journals of all streams in turn. A duty cycle blocks for at most one group (about 1 MiB and
 * one sync) and one slice of a segment being made (1 MiB and one sync) per stream.
 */
public final class JournalCommitAgent implements Agent {
    private static final int PENDING_MAX = 1024;

    private final Clocks clocks;
    private final ManyToOneConcurrentArrayQueue<JournalCommitter> added =
            new ManyToOneConcurrentArrayQueue<>(PENDING_MAX);
    private final ManyToOneConcurrentArrayQueue<JournalCommitter> removed =
            new ManyToOneConcurrentArrayQueue<>(PENDING_MAX);
    private final ArrayList<JournalCommitter> committers = new ArrayList<>();

    public JournalCommitAgent(final Clocks clocks) {
        this.clocks = clocks;
    }

    /** Serves this stream from now on. Any thread. */
    public void add(final JournalCommitter committer) {
        if (!added.offer(committer)) {
            throw new FarshoreException(ExitCode.INVARIANT, "more than " + PENDING_MAX + " journals added at once");
        }
    }

    /** Commits what this stream has closed and closes its files. Any thread. */
    public void remove(final JournalCommitter committer) {
        if (!removed.offer(committer)) {
            throw new FarshoreException(ExitCode.INVARIANT, "more than " + PENDING_MAX + " journals removed at once");
        }
    }

    /**
     * One turn over all streams.
     *
     * @throws FarshoreException STORAGE when a disk failed: the role ends with it.
     */
    @Override
    public int doWork() {
        final long nowNs = clocks.nanoTime();
        int work = takeCommands();
        for (int i = 0; i < committers.size(); i++) {
            work += committers.get(i).doWork(nowNs);
        }
        return work;
    }

    private int takeCommands() {
        int work = 0;
        for (JournalCommitter committer = added.poll(); committer != null; committer = added.poll()) {
            committers.add(committer);
            work++;
        }
        for (JournalCommitter committer = removed.poll(); committer != null; committer = removed.poll()) {
            committers.remove(committer);
            committer.drain();
            committer.close();
            work++;
        }
        return work;
    }

    @Override
    public void onClose() {
        takeCommands();
        for (final JournalCommitter committer : committers) {
            committer.drain();
            committer.close();
        }
        committers.clear();
    }

    @Override
    public String roleName() {
        return "journal-commit";
    }
}
