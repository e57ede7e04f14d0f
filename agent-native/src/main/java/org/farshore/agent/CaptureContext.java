package org.farshore.agent;

import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.IntConsumer;
import org.farshore.agent.capture.CaptureSource;
import org.farshore.agent.capture.VolumeDevice;
import org.farshore.agent.session.AgentSession;
import org.farshore.dataplane.runtime.Clocks;
import org.farshore.dataplane.runtime.CounterFactory;
import org.farshore.dataplane.runtime.Entropy;
import org.farshore.dataplane.ship.Links;

/** What a {@link CaptureAgent} is made from. Setters, then {@link #conclude()} once. */
public final class CaptureContext {
    private Clocks clocks;
    private Entropy entropy;
    private Links links;
    private CounterFactory counters;
    private CaptureSource source;
    private List<VolumeDevice> volumes;
    private AgentSession.Identity identity;
    private String processServer;
    private VolumeProbe probe;
    private long copyBytesPerSecond;
    private long barrierIntervalNs = TimeUnit.SECONDS.toNanos(1);
    private IntConsumer generationListener = generation -> {};

    /** Checks that nothing is missing. */
    public CaptureContext conclude() {
        require(clocks, "clocks");
        require(entropy, "entropy");
        require(links, "links");
        require(counters, "counters");
        require(source, "source");
        require(identity, "identity");
        require(processServer, "processServer");
        require(probe, "probe");
        if (volumes == null || volumes.isEmpty()) {
            throw new IllegalStateException("volumes of the agent: at least one is needed");
        }
        return this;
    }

    private static void require(final Object value, final String name) {
        if (value == null) {
            throw new IllegalStateException(name + " of the agent was not set");
        }
    }

    public Clocks clocks() {
        return clocks;
    }

    public CaptureContext clocks(final Clocks value) {
        clocks = value;
        return this;
    }

    public Entropy entropy() {
        return entropy;
    }

    public CaptureContext entropy(final Entropy value) {
        entropy = value;
        return this;
    }

    public Links links() {
        return links;
    }

    public CaptureContext links(final Links value) {
        links = value;
        return this;
    }

    public CounterFactory counters() {
        return counters;
    }

    public CaptureContext counters(final CounterFactory value) {
        counters = value;
        return this;
    }

    /** The capture, open. */
    public CaptureSource source() {
        return source;
    }

    public CaptureContext source(final CaptureSource value) {
        source = value;
        return this;
    }

    /** The protected volumes, those of the source. */
    public List<VolumeDevice> volumes() {
        return volumes;
    }

    public CaptureContext volumes(final List<VolumeDevice> value) {
        volumes = List.copyOf(value);
        return this;
    }

    public AgentSession.Identity identity() {
        return identity;
    }

    public CaptureContext identity(final AgentSession.Identity value) {
        identity = value;
        return this;
    }

    /** Endpoint of the receiver, {@code host:port}. */
    public String processServer() {
        return processServer;
    }

    public CaptureContext processServer(final String value) {
        processServer = value;
        return this;
    }

    public VolumeProbe probe() {
        return probe;
    }

    public CaptureContext probe(final VolumeProbe value) {
        probe = value;
        return this;
    }

    /** Bound of reading for copy and compare; 0 for none. */
    public long copyBytesPerSecond() {
        return copyBytesPerSecond;
    }

    public CaptureContext copyBytesPerSecond(final long value) {
        copyBytesPerSecond = value;
        return this;
    }

    /** From one cut to the next. */
    public long barrierIntervalNs() {
        return barrierIntervalNs;
    }

    public CaptureContext barrierIntervalNs(final long value) {
        barrierIntervalNs = value;
        return this;
    }

    /** Told the generation that the receiver named. */
    public CaptureContext generationListener(final IntConsumer value) {
        generationListener = value;
        return this;
    }

    void onGeneration(final int generation) {
        generationListener.accept(generation);
    }
}
