package org.farshore.agent;

import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;
import org.farshore.dataplane.runtime.RoleDriverContext;
import org.farshore.dataplane.runtime.Settings;
import org.farshore.dataplane.ship.StreamLimits;
import org.farshore.dataplane.volume.VolumeTable;

/** The settings of the agent, {@code farshore.agent.*}: pairs of name and default, and what was read. */
final class AgentSettings {
    /** Where the identity is kept. */
    static final String DATA_DIRECTORY_PROP_NAME = "data.directory";

    static final String DATA_DIRECTORY_DEFAULT = "/var/lib/farshore/agent";
    /** Endpoint of the process server, or of a master target that is reached without one. */
    static final String PROCESS_SERVER_PROP_NAME = "process-server";

    static final String PROCESS_SERVER_DEFAULT = "127.0.0.1:9443";
    /** {@code volume.<name>}: path of a protected device. */
    static final String VOLUME_PROP_NAME = "volume";
    /** How writes are seen: {@code ebpf}, {@code scan}, or {@code auto} for the better one that works here. */
    static final String CAPTURE_PROP_NAME = "capture";

    static final String CAPTURE_DEFAULT = "auto";
    /** Bytes of the capture ring, a power of two. */
    static final String RING_LENGTH_PROP_NAME = "ring.length";

    static final String RING_LENGTH_DEFAULT = "128m";
    /** Bytes per second read for copy and compare; 0 for as fast as it goes. */
    static final String COPY_RATE_PROP_NAME = "copy.rate";

    static final String COPY_RATE_DEFAULT = "0";
    /** From one recovery point to the next. */
    static final String BARRIER_INTERVAL_PROP_NAME = "barrier.interval";

    static final String BARRIER_INTERVAL_DEFAULT = "1s";
    /** From the end of one pass of scan capture to the begin of the next. */
    static final String SCAN_PAUSE_PROP_NAME = "scan.pause";

    static final String SCAN_PAUSE_DEFAULT = "1s";
    /** Where in bpffs captures are pinned, one directory for each machine id. */
    static final String BPF_DIRECTORY_PROP_NAME = "bpf.directory";

    static final String BPF_DIRECTORY_DEFAULT = "/sys/fs/bpf/farshore";

    private static final long RING_LENGTH_MIN = 1L << 20;
    private static final long RING_LENGTH_MAX = 512L << 20;
    private static final long COPY_RATE_MAX = 1L << 40;

    private final RoleDriverContext driver;
    private final Path dataDirectory;
    private final String processServer;
    private final Map<String, Path> volumes = new TreeMap<>();
    private final String capture;
    private final int ringLength;
    private final long copyBytesPerSecond;
    private final long barrierIntervalNs;
    private final long scanPauseNs;
    private final Path bpfDirectory;

    /** Reads and checks every key. */
    AgentSettings(final Settings settings) {
        driver = RoleDriverContext.from(ProtectionAgent.ROLE, settings);
        dataDirectory = settings.path(DATA_DIRECTORY_PROP_NAME, DATA_DIRECTORY_DEFAULT);
        processServer = settings.text(PROCESS_SERVER_PROP_NAME, PROCESS_SERVER_DEFAULT);
        if (!processServer.matches(".+:[0-9]{1,5}")) {
            throw settings.bad(PROCESS_SERVER_PROP_NAME, processServer, "is no host:port");
        }
        capture = settings.choice(CAPTURE_PROP_NAME, CAPTURE_DEFAULT, "auto", "ebpf", "scan");
        ringLength = (int) settings.bytes(RING_LENGTH_PROP_NAME, RING_LENGTH_DEFAULT, RING_LENGTH_MIN, RING_LENGTH_MAX);
        if (Integer.bitCount(ringLength) != 1) {
            throw settings.bad(RING_LENGTH_PROP_NAME, Integer.toString(ringLength), "must be a power of two");
        }
        copyBytesPerSecond = settings.bytes(COPY_RATE_PROP_NAME, COPY_RATE_DEFAULT, 0, COPY_RATE_MAX);
        barrierIntervalNs = settings.durationNs(
                BARRIER_INTERVAL_PROP_NAME,
                BARRIER_INTERVAL_DEFAULT,
                TimeUnit.MILLISECONDS.toNanos(10),
                TimeUnit.HOURS.toNanos(1));
        scanPauseNs = settings.durationNs(SCAN_PAUSE_PROP_NAME, SCAN_PAUSE_DEFAULT, 0, TimeUnit.HOURS.toNanos(24));
        bpfDirectory = settings.path(BPF_DIRECTORY_PROP_NAME, BPF_DIRECTORY_DEFAULT);
        readVolumes(settings);
    }

    private void readVolumes(final Settings settings) {
        for (final Map.Entry<String, String> entry :
                settings.group(VOLUME_PROP_NAME).entrySet()) {
            final String key = VOLUME_PROP_NAME + "." + entry.getKey();
            if (!VolumeTable.isValidName(entry.getKey())) {
                throw settings.bad(
                        key, entry.getValue(), "has a name that is not letters, digits, dot, dash, underscore");
            }
            if (entry.getValue().isEmpty()) {
                throw settings.bad(key, "", "names no device");
            }
            volumes.put(entry.getKey(), settings.toPath(key, entry.getValue()));
        }
        if (volumes.isEmpty()) {
            throw new FarshoreException(
                    ExitCode.CONFIGURATION,
                    "no volume to protect: name at least one, as " + settings.key(VOLUME_PROP_NAME) + ".root=/dev/sda");
        }
        if (volumes.size() > StreamLimits.VOLUMES_MAX) {
            throw new FarshoreException(
                    ExitCode.CONFIGURATION,
                    volumes.size() + " volumes named by " + settings.key(VOLUME_PROP_NAME) + ".*: at most "
                            + StreamLimits.VOLUMES_MAX + " make one stream");
        }
    }

    RoleDriverContext driver() {
        return driver;
    }

    Path dataDirectory() {
        return dataDirectory;
    }

    String processServer() {
        return processServer;
    }

    /** Path by name, sorted. */
    Map<String, Path> volumes() {
        return volumes;
    }

    String capture() {
        return capture;
    }

    int ringLength() {
        return ringLength;
    }

    long copyBytesPerSecond() {
        return copyBytesPerSecond;
    }

    long barrierIntervalNs() {
        return barrierIntervalNs;
    }

    long scanPauseNs() {
        return scanPauseNs;
    }

    Path bpfDirectory() {
        return bpfDirectory;
    }
}
