package org.farshore.tests.crashlab;

import java.util.concurrent.locks.LockSupport;
import org.agrona.concurrent.Agent;

/** One agent of the recorded master target, on a thread of its own. */
final class AgentThread {
    private static final long REST_NS = 20_000;

    private final Agent agent;
    private final Thread thread;
    private volatile boolean isRunning = true;
    private volatile Throwable failure;

    AgentThread(final Agent agent) {
        this.agent = agent;
        thread = new Thread(this::run, "crash-lab-" + agent.roleName());
        thread.setDaemon(true);
        thread.start();
    }

    private void run() {
        try {
            while (isRunning) {
                if (agent.doWork() == 0) {
                    LockSupport.parkNanos(REST_NS);
                }
            }
        } catch (final Throwable t) {
            failure = t;
        }
    }

    /** Why it ended by itself, or null. */
    Throwable failure() {
        return failure;
    }

    /** Lets the duty cycle under way come to its end. */
    void stop() {
        isRunning = false;
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (final InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
