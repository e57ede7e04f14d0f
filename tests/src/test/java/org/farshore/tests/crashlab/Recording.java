package org.farshore.tests.crashlab;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.agrona.concurrent.Agent;
import org.farshore.dataplane.mastertarget.LabConnection;
import org.farshore.dataplane.ship.MessageWriter;

/**
 * A master target at work on a disk that is traced, until the disk has answered a number of flushes; now and then it is
 * killed and starts again. The calling thread is the sender and runs the receive agent, which meet in a network without
 * threads of its own; commit, apply and follow run as they do in production.
 */
final class Recording {
    private static final long LIMIT_NS = 120_000_000_000L;
    private static final long TURN_NS = 20_000;
    private static final int UNDER_WAY_MAX = 12;
    private static final int FLUSHES_PER_LIFE = 200;

    private final DiskTrace trace;
    private final SourceScript script;
    private final Promises promises;
    private final LabDice dice;
    private final Path data;
    private final LabClocks clocks = new LabClocks();
    private final MessageWriter writer = new MessageWriter(LabConnection.MACHINE_HIGH, LabConnection.MACHINE_LOW);
    private final List<AgentThread> threads = new ArrayList<>();
    private LabTarget target;
    private Agent receive;
    private LabConnection connection;
    private byte[] message;
    private boolean begun;
    private int next;
    private int burst;
    private int lives;
    private int flushesOfLife;

    Recording(
            final DiskTrace trace,
            final SourceScript script,
            final Promises promises,
            final LabDice dice,
            final Path data) {
        this.trace = trace;
        this.script = script;
        this.promises = promises;
        this.dice = dice;
        this.data = data;
    }

    /** How often the master target was started. */
    int lives() {
        return lives;
    }

    /**
     * Works until the plan has its flushes.
     *
     * @param goOn asked again and again; what it throws ends the recording.
     */
    void run(final CrashPlan plan, final Runnable goOn) {
        final long deadlineNs = System.nanoTime() + LIMIT_NS;
        int warm = Integer.MAX_VALUE;
        try {
            while (trace.flushCount() < warm) {
                if (System.nanoTime() - deadlineNs >= 0) {
                    throw new AssertionError("not done within " + LIMIT_NS / 1_000_000_000 + " s: "
                            + trace.flushCount() + " flushes, sent " + sentSequence() + ", promised "
                            + promises.last());
                }
                if (warm == Integer.MAX_VALUE && promises.last().durableSequence() >= plan.warmSequence()) {
                    warm = trace.flushCount() + plan.warmFlushes();
                }
                goOn.run();
                turn();
            }
        } finally {
            trace.end();
            kill();
        }
    }

    private void turn() {
        if (target == null) {
            start();
        }
        clocks.advance(TURN_NS);
        step(receive);
        connection.poll();
        checkAlive();
        if (!connection.isOpen()) {
            connection.hello();
            return;
        }
        if (!begun) {
            begin();
        }
        promises.heard(trace.flushCount(), connection.durableSequence(), connection.incarnation());
        if (trace.flushCount() >= flushesOfLife) {
            kill();
        } else {
            send();
        }
    }

    private void start() {
        lives++;
        flushesOfLife = trace.flushCount() + FLUSHES_PER_LIFE / 2 + dice.below(FLUSHES_PER_LIFE);
        target = new LabTarget(data, clocks, dice);
        receive = target.all().get(0);
        target.all().stream().skip(1).map(AgentThread::new).forEach(threads::add);
        connection = target.connect(lives);
        begun = false;
    }

    private void begin() {
        final long asked = connection.nextSequence();
        if (asked <= promises.last().durableSequence() || asked > sentSequence() + 1) {
            throw new AssertionError("after a kill Welcome asks for " + asked + "; sent was up to " + sentSequence()
                    + ", promised " + promises.last());
        }
        next = script.indexOf(asked);
        writer.begin(connection.generation(), connection.incarnation(), asked, connection.capturePosition());
        message = null;
        begun = true;
    }

    private long sentSequence() {
        return script.made() == 0 ? 0 : script.message(script.made() - 1).lastSequence();
    }

    /** Some messages at a time; then their acknowledgement is waited for, or not. */
    private void send() {
        final long durable = Math.max(connection.durableSequence(), connection.nextSequence() - 1);
        final boolean isAllDurable = next == 0
                || durable >= script.endAtOrBelow(script.message(next - 1).lastSequence());
        if (burst <= 0 && (isAllDurable || dice.oneIn(2_000))) {
            burst = 1 + dice.below(4);
        }
        if (burst <= 0 || isTooFarAhead(durable)) {
            return;
        }
        if (message == null) {
            script.message(next).write(writer);
            message = writer.bytes();
        }
        if (connection.send(message)) {
            message = null;
            next++;
            burst--;
            clocks.advance(SourceScript.STEP_NS);
        }
    }

    private boolean isTooFarAhead(final long durable) {
        return next >= UNDER_WAY_MAX && script.message(next - UNDER_WAY_MAX).firstSequence() > durable;
    }

    private static void step(final Agent agent) {
        try {
            agent.doWork();
        } catch (final RuntimeException e) {
            throw e;
        } catch (final Exception e) {
            throw new AssertionError(e);
        }
    }

    private void checkAlive() {
        for (final AgentThread thread : threads) {
            if (thread.failure() != null) {
                throw new AssertionError("the recorded master target failed", thread.failure());
            }
        }
        if (connection.refusal() != null) {
            throw new AssertionError("the sender was sent away: " + connection.refusal());
        }
    }

    private void kill() {
        threads.forEach(AgentThread::stop);
        threads.clear();
        if (target != null) {
            target.kill();
            target = null;
        }
    }
}
