package org.farshore.dataplane.runtime;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.agrona.ErrorHandler;
import org.agrona.concurrent.Agent;
import org.agrona.concurrent.AgentTerminationException;
import org.agrona.concurrent.IdleStrategy;

/**
 * Runs the agents of a role, each on a thread of its own, until the process is told to end or one of them fails.
 *
 * <p><strong>How it ends.</strong> SIGTERM, SIGINT or {@link #stop()}: every duty cycle comes to its end, agents close on
 * their own threads, then what {@link #onEnd} named closes, last named first; exit code 0. An exception that leaves a
 * duty cycle ends the role: a {@link FarshoreException} with its own code, anything else with
 * {@link ExitCode#INVARIANT}, because nobody can know what it left half done. One line says why. Faults of a session or
 * a peer must therefore be handled inside the agent; {@link #errorHandler()} counts and keeps them.
 *
 * <p>Agents have {@value #STOP_MS} ms to end. Whoever does not is left behind: shared memory is then not unmapped, since a
 * thread that touches it would crash the machine's runtime, and the process halts.
 */
public final class RoleRunner {
    private static final StateLog LOG = StateLog.of(RoleRunner.class);
    private static final long STOP_MS = 1_500;
    private static final long HALT_MS = 3_000;

    private final String role;
    private final CountDownLatch stopping = new CountDownLatch(1);
    private final AtomicReference<Throwable> failure = new AtomicReference<>();
    private final List<Agent> agents = new ArrayList<>();
    private final List<IdleStrategy> idleStrategies = new ArrayList<>();
    private final RestGroup restGroup = new RestGroup();
    private final List<Thread> threads = new ArrayList<>();
    private final List<AutoCloseable> ends = new ArrayList<>();
    private ErrorHandler errorHandler = throwable -> {};
    private volatile boolean isRunning = true;
    private volatile boolean ended;
    private volatile ExitCode exitCode = ExitCode.OK;

    /** For a role, as {@code agent}. */
    public RoleRunner(final String role) {
        this.role = role;
    }

    /** Where failures are counted and kept; the {@link RoleDriver}'s. */
    public RoleRunner errorHandler(final ErrorHandler handler) {
        this.errorHandler = handler;
        return this;
    }

    /** See {@link #errorHandler(ErrorHandler)}. */
    public ErrorHandler errorHandler() {
        return errorHandler;
    }

    /** One more agent, on a thread with its role name, that gets its work from the role's other threads alone. */
    public RoleRunner add(final Agent agent) {
        return add(agent, RestingIdleStrategy.NO_LOAD);
    }

    /** One more agent that works in long strokes: it is not woken at each message, its first stroke may come 20 ms late. */
    public RoleRunner addApart(final Agent agent) {
        agents.add(agent);
        idleStrategies.add(restGroup.newStrategyApart());
        return this;
    }

    /**
     * One more agent, on a thread with its role name, that must look for work where nobody wakes it.
     *
     * @param loadFloor work of one duty cycle that shows load; see {@link RestingIdleStrategy}.
     */
    public RoleRunner add(final Agent agent, final int loadFloor) {
        agents.add(agent);
        idleStrategies.add(restGroup.newStrategy(loadFloor, 1));
        return this;
    }

    /** Something to close when all agents have ended, before what was named earlier. */
    public RoleRunner onEnd(final AutoCloseable resource) {
        ends.add(resource);
        return this;
    }

    /**
     * Launches the network engine of the role, takes its error handler, and closes it at the end; after a failure its
     * directory stays for a look. Says so when the kernel's socket buffers keep the window small.
     */
    public RoleDriver launchDriver(final RoleDriverContext context) {
        final RoleDriver driver = RoleDriver.launch(context.restGroup(restGroup));
        errorHandler(driver.errorHandler());
        onEnd(() -> {
            if (hasFailed()) {
                driver.closeKeepingDirectory();
            } else {
                driver.close();
            }
        });
        if (context.socketLimits().isTight()) {
            LOG.warn(
                    "role",
                    role,
                    "window",
                    context.socketLimits().windowLength(),
                    "advice",
                    "sysctl -w net.core.rmem_max=4194304 net.core.wmem_max=4194304 lets more data be under way");
        }
        return driver;
    }

    /** True once the role ends because of a failure; resources may then leave traces for a look. */
    public boolean hasFailed() {
        return failure.get() != null;
    }

    /** Asks the role to end. Any thread, at once. */
    public void stop() {
        isRunning = false;
        stopping.countDown();
        threads.forEach(LockSupport::unpark);
    }

    /** Closes what {@link #onEnd} named without having run: the role could not be started. */
    void abandon() {
        closeEnds();
    }

    /** Runs until the end and returns the exit code. SIGTERM and SIGINT end it too. */
    public ExitCode run() {
        Signals.onTermination(this::stop);
        return runToEnd();
    }

    private ExitCode runToEnd() {
        for (int i = 0; i < agents.size(); i++) {
            final Agent agent = agents.get(i);
            final IdleStrategy idleStrategy = idleStrategies.get(i);
            final Thread thread = new Thread(() -> runAgent(agent, idleStrategy), agent.roleName());
            thread.setDaemon(true);
            threads.add(thread);
        }
        threads.forEach(Thread::start);
        LOG.info(
                "role", role, "state", "running", "pid", ProcessHandle.current().pid());
        awaitUninterruptibly(stopping);
        LOG.info("role", role, "state", "stopping", "reason", hasFailed() ? "failed" : "asked to");
        haltLater();
        final boolean allEnded = joinThreads();
        if (allEnded) {
            closeEnds();
        }
        ended = true;
        final Throwable cause = failure.get();
        if (cause == null) {
            LOG.info("role", role, "state", "stopped", "exit", exitCode.code());
        } else {
            LOG.warn("role", role, "state", "failed", "exit", exitCode.code(), "reason", reason(cause));
        }
        if (!allEnded) {
            LOG.warn("role", role, "state", "halted", "reason", "a duty cycle did not end in " + STOP_MS + " ms");
            Runtime.getRuntime().halt(exitCode.code());
        }
        return exitCode;
    }

    private void runAgent(final Agent agent, final IdleStrategy idleStrategy) {
        try {
            agent.onStart();
            while (isRunning) {
                idleStrategy.idle(agent.doWork());
            }
        } catch (final AgentTerminationException e) {
            stop();
        } catch (final Throwable t) {
            fail(t);
        }
        try {
            agent.onClose();
        } catch (final Throwable t) {
            fail(t);
        }
    }

    private void fail(final Throwable cause) {
        if (failure.compareAndSet(null, cause)) {
            exitCode = cause instanceof FarshoreException e ? e.exitCode() : ExitCode.INVARIANT;
        }
        try {
            errorHandler.onError(cause);
        } finally {
            stop();
        }
    }

    private boolean joinThreads() {
        final long deadlineNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(STOP_MS);
        boolean allEnded = true;
        for (final Thread thread : threads) {
            try {
                final long leftMs = TimeUnit.NANOSECONDS.toMillis(deadlineNs - System.nanoTime());
                thread.join(Math.max(1, leftMs));
            } catch (final InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            allEnded &= !thread.isAlive();
        }
        return allEnded;
    }

    private void closeEnds() {
        for (int i = ends.size() - 1; i >= 0; i--) {
            try {
                ends.get(i).close();
            } catch (final Exception e) {
                failure.compareAndSet(null, e);
                exitCode = exitCode == ExitCode.OK ? ExitCode.INVARIANT : exitCode;
            }
        }
    }

    /** Ends the process when the clean way hangs: whoever stops a role waits for it. */
    private void haltLater() {
        final Thread watch = new Thread(
                () -> {
                    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(HALT_MS));
                    if (!ended) {
                        LOG.warn("role", role, "state", "halted", "reason", "could not end in " + HALT_MS + " ms");
                        Runtime.getRuntime().halt(exitCode.code());
                    }
                },
                "farshore-halt");
        watch.setDaemon(true);
        watch.start();
    }

    /** What to tell people: a {@link FarshoreException} explains itself, anything else needs its class. */
    static String reason(final Throwable cause) {
        return cause instanceof FarshoreException ? cause.getMessage() : cause.toString();
    }

    private static void awaitUninterruptibly(final CountDownLatch latch) {
        boolean interrupted = false;
        while (true) {
            try {
                latch.await();
                break;
            } catch (final InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
