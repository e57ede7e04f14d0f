package org.farshore.perf.load;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.farshore.agent.CaptureAgent;
import org.farshore.agent.CaptureContext;
import org.farshore.agent.VolumeProbe;
import org.farshore.agent.capture.VolumeDevice;
import org.farshore.agent.copy.DeviceReaderAgent;
import org.farshore.agent.session.AgentSession;
import org.farshore.dataplane.runtime.Clocks;
import org.farshore.dataplane.runtime.Entropy;
import org.farshore.dataplane.runtime.RoleDriver;
import org.farshore.dataplane.runtime.RoleDriverContext;
import org.farshore.dataplane.runtime.RoleMain;
import org.farshore.dataplane.runtime.RoleRunner;
import org.farshore.dataplane.runtime.Settings;
import org.farshore.dataplane.runtime.SystemClocks;
import org.farshore.dataplane.runtime.SystemEntropy;
import org.farshore.dataplane.ship.AeronLinks;
import org.farshore.perf.probe.Probe;

/**
 * The agent of production, put together as {@code ProtectionAgent} does it, over a {@link SyntheticCapture}. Settings are
 * those of the agent where they mean the same.
 */
public final class SyntheticAgent implements RoleMain.Role {
    private static final int WRITE_LENGTH_MAX = 60 << 10;
    private static final int WRITE_ALIGNMENT = 512;
    private static final long RING_LENGTH_MIN = 1 << 20;
    private static final long RING_LENGTH_MAX = 1 << 30;
    private static final long VOLUME_LENGTH_MIN = 1 << 20;
    private static final long VOLUME_LENGTH_MAX = 1L << 40;

    private final Clocks clocks = new SystemClocks();
    private final Entropy entropy = new SystemEntropy();
    private RoleDriverContext driver;
    private String processServer;
    private long barrierIntervalNs;
    private int writeLength;
    private long ringLength;
    private long volumeLength;

    /** Runs the role. */
    public static void main(final String... args) {
        System.exit(RoleMain.run(new SyntheticAgent(), args));
    }

    @Override
    public String name() {
        return "agent";
    }

    @Override
    public String summary() {
        return "Ships the writes of a machine that does not exist, for measuring.";
    }

    @Override
    public void configure(final Settings settings) {
        driver = RoleDriverContext.from(name(), settings);
        processServer = settings.requiredText("process-server");
        barrierIntervalNs = settings.durationNs(
                "barrier.interval", "1s", TimeUnit.MILLISECONDS.toNanos(1), TimeUnit.HOURS.toNanos(1));
        ringLength = settings.bytes("ring.length", "64m", RING_LENGTH_MIN, RING_LENGTH_MAX);
        writeLength = (int) settings.bytes("write.length", "16k", WRITE_ALIGNMENT, WRITE_LENGTH_MAX);
        volumeLength = settings.bytes("volume.length", "1g", VOLUME_LENGTH_MIN, VOLUME_LENGTH_MAX);
        if (writeLength % WRITE_ALIGNMENT != 0) {
            throw settings.bad("write.length", Integer.toString(writeLength), "must be a multiple of 512");
        }
    }

    @Override
    public void start(final RoleRunner runner) {
        final RoleDriver roleDriver = runner.launchDriver(driver.conclude());
        final PayloadPool pool = new PayloadPool(Path.of(driver.directory() + "-pool"));
        final SyntheticCapture capture =
                new SyntheticCapture(clocks, entropy, pool, writeLength, ringLength, volumeLength);
        capture.open();
        final VolumeDevice volume = new VolumeDevice(
                0,
                "synthetic",
                entropy.nextLong(),
                entropy.nextLong(),
                "synthetic",
                volumeLength,
                new ZeroVolume(volumeLength));
        final DeviceReaderAgent reader = new DeviceReaderAgent();
        final CaptureAgent agent = new CaptureAgent(
                new CaptureContext()
                        .clocks(clocks)
                        .entropy(entropy)
                        .links(new AeronLinks(roleDriver, clocks, entropy, AeronLinks.PEERS_MAX_DEFAULT))
                        .counters(roleDriver.counters())
                        .source(capture)
                        .volumes(List.of(volume))
                        .identity(new AgentSession.Identity(entropy.nextLong(), entropy.nextLong(), "synthetic", 0))
                        .processServer(processServer)
                        .probe(new UnchangingVolume())
                        .barrierIntervalNs(barrierIntervalNs)
                        .conclude(),
                reader);
        Probe.onCommand("load", words -> capture.load(Load.parse(words)));
        Probe.onSample(() -> sample(capture));
        runner.add(agent, CaptureAgent.LOAD_FLOOR).addApart(reader);
    }

    private static Map<String, Object> sample(final SyntheticCapture capture) {
        final Map<String, Object> values = new LinkedHashMap<>();
        values.put("producedBytes", capture.producedBytes());
        values.put("durableBytes", capture.durableBytes());
        values.put("lagMs", capture.writeLag().take());
        values.put("lagBeforeMs", capture.writeLagBefore().take());
        values.put("cutLagMs", capture.cutLag().take());
        return values;
    }

    /** A volume that never changes its size. */
    private static final class UnchangingVolume implements VolumeProbe {
        @Override
        public long sizeBytes(final VolumeDevice volume) {
            return volume.sizeBytes();
        }

        @Override
        public String replacedReason(final VolumeDevice volume) {
            return null;
        }
    }
}
