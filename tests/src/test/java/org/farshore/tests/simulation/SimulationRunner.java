package org.farshore.tests.simulation;

import java.util.ArrayList;
import java.util.List;
import java.util.function.LongFunction;
import java.util.function.LongSupplier;

/** Runs many worlds on some threads; each world is in one of them alone. */
final class SimulationRunner {
    private final LongFunction<Scenario> scenarios;
    private final LongSupplier seeds;
    private final int failuresMax;
    private final Tally tally = new Tally();
    private final List<Outcome> failed = new ArrayList<>();
    private final long beganNs = System.nanoTime();
    private long done;
    private long workNs;
    private boolean isStopped;

    /**
     * @param seeds gives the next seed, {@link Long#MIN_VALUE} when there is none; called by all threads, one at a time.
     * @param failuresMax stops when so many seeds have failed.
     */
    SimulationRunner(final LongSupplier seeds, final int failuresMax) {
        this(seeds, failuresMax, Scenario::of);
    }

    /** The same with other scenarios out of the seeds. */
    SimulationRunner(final LongSupplier seeds, final int failuresMax, final LongFunction<Scenario> scenarios) {
        this.scenarios = scenarios;
        this.seeds = seeds;
        this.failuresMax = failuresMax;
    }

    /** Runs them all; returns when the last is over. */
    SimulationRunner run(final int threads) throws InterruptedException {
        final List<Thread> workers = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            final Thread worker = new Thread(this::work, "world-" + i);
            worker.setDaemon(true);
            worker.start();
            workers.add(worker);
        }
        for (final Thread worker : workers) {
            worker.join();
        }
        return this;
    }

    private void work() {
        for (long seed = next(); seed != Long.MIN_VALUE; seed = next()) {
            final long begin = System.nanoTime();
            final Outcome outcome = World.run(scenarios.apply(seed));
            add(outcome, System.nanoTime() - begin);
        }
    }

    private synchronized long next() {
        return isStopped || failed.size() >= failuresMax ? Long.MIN_VALUE : seeds.getAsLong();
    }

    private synchronized void add(final Outcome outcome, final long durationNs) {
        tally.add(outcome.tally());
        done++;
        workNs += durationNs;
        if (!outcome.isGood()) {
            failed.add(outcome);
        }
    }

    /** No further seed is begun. */
    synchronized void stop() {
        isStopped = true;
    }

    synchronized List<Outcome> failed() {
        return List.copyOf(failed);
    }

    /** Everything so far. */
    synchronized SimulationSummary summary() {
        final Tally copy = new Tally();
        copy.add(tally);
        return new SimulationSummary(done, failed.size(), System.nanoTime() - beganNs, workNs, copy);
    }
}
