package org.farshore.dataplane.mastertarget;

import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.farshore.dataplane.failover.ExportServer;
import org.farshore.dataplane.journal.JournalContext;
import org.farshore.dataplane.receive.ReceiveContext;
import org.farshore.dataplane.recover.FrameMemory;
import org.farshore.dataplane.recover.HistorySettings;
import org.farshore.dataplane.recover.RetentionPolicy;
import org.farshore.dataplane.runtime.BlockFiles;
import org.farshore.dataplane.runtime.Clocks;
import org.farshore.dataplane.runtime.CounterFactory;
import org.farshore.dataplane.runtime.Entropy;
import org.farshore.dataplane.runtime.Settings;
import org.farshore.dataplane.ship.Links;

/** Settings of a master target and the seams it reaches the world through. Set, then {@link #conclude()} once. */
public final class MasterTargetContext {
    /** Where journals, claims and replicas without a path of their own lie. */
    public static final String DATA_DIRECTORY_PROP_NAME = "data.directory";
    /** Default of {@link #DATA_DIRECTORY_PROP_NAME}. */
    public static final String DATA_DIRECTORY_DEFAULT = "/var/lib/farshore/master-target";
    /** Address and port for process servers and agents. */
    public static final String LISTEN_PROP_NAME = "listen";
    /** Default of {@link #LISTEN_PROP_NAME}: loopback, since strangers are not yet kept out. */
    public static final String LISTEN_DEFAULT = "127.0.0.1:9445";
    /** Ids of the machines that are let in, separated by commas, or {@code *}. Required. */
    public static final String MACHINES_PROP_NAME = "machines";
    /** Most streams. */
    public static final String MACHINES_MAX_PROP_NAME = "machines.max";
    /** Default of {@link #MACHINES_MAX_PROP_NAME}. */
    public static final int MACHINES_MAX_DEFAULT = 16;
    /** Memory in which writes are coalesced before they are applied. */
    public static final String APPLY_MEMORY_PROP_NAME = "apply.memory";
    /** Default of {@link #APPLY_MEMORY_PROP_NAME}. */
    public static final String APPLY_MEMORY_DEFAULT = "32m";
    /** Memory for chunks on their straight way into replicas. */
    public static final String DIRECT_MEMORY_PROP_NAME = "direct.memory";
    /** Default of {@link #DIRECT_MEMORY_PROP_NAME}. */
    public static final String DIRECT_MEMORY_DEFAULT = "32m";
    /** Paths of replicas: {@code replica.<volume>} or {@code replica.<machine>.<volume>}. */
    public static final String REPLICA_PROP_NAME = "replica";
    /** True takes replicas that are not empty and bear no claim; {@code --adopt} on the command line. */
    public static final String ADOPT_PROP_NAME = "adopt";

    /** How far back one can go; {@code 0} keeps nothing and applies at once what is durable. */
    public static final String RETENTION_WINDOW_PROP_NAME = "retention.window";
    /** Default of {@link #RETENTION_WINDOW_PROP_NAME}. */
    public static final String RETENTION_WINDOW_DEFAULT = "24h";
    /** Memory for pages of version files, shared evenly by the streams there may be; each has 16 MiB at least. */
    public static final String INDEX_MEMORY_PROP_NAME = "index.memory";
    /** Default of {@link #INDEX_MEMORY_PROP_NAME}. */
    public static final String INDEX_MEMORY_DEFAULT = "512m";

    /** Memory for journal frames that views have unpacked, of all streams together; taken as views read. */
    public static final String VIEW_MEMORY_PROP_NAME = "view.memory";
    /** Default of {@link #VIEW_MEMORY_PROP_NAME}. */
    public static final String VIEW_MEMORY_DEFAULT = "256m";

    /** Loopback address and port where views are served besides the unix socket; empty for none. */
    public static final String NBD_LISTEN_PROP_NAME = "nbd.listen";

    private static final long INDEX_MEMORY_MIN = 16L << 20;
    private static final long INDEX_MEMORY_MAX = 64L << 30;
    private static final long VIEW_MEMORY_MAX = 64L << 30;
    private static final int INDEX_FILE_LENGTH = 8 << 20;
    private static final int INDEX_FILES_MIN = 2;
    private static final int INDEX_FILES_MAX = 1024;
    private static final int MACHINES_MAX = 1024;
    private static final int MACHINE_DIGITS = 32;
    private static final long APPLY_MEMORY_MIN = 4L << 20;
    private static final long APPLY_MEMORY_MAX = 256L << 20;
    private static final long DIRECT_MEMORY_MIN = 8L << 20;
    private static final long DIRECT_MEMORY_MAX = 1L << 30;
    private static final int PORT_MAX = 65_534;

    private Path dataDirectory = Path.of(DATA_DIRECTORY_DEFAULT);
    private String endpoint = LISTEN_DEFAULT;
    private Set<String> machines = Set.of();
    private int machinesMax = MACHINES_MAX_DEFAULT;
    private int applyMemory = 32 << 20;
    private long directMemory = 32L << 20;
    private long viewMemory = 256L << 20;
    private int segmentLength = 64 << 20;
    private long journalLimit = 4L << 30;
    private long retentionWindowNs = 24L * 3_600 * 1_000_000_000L;
    private long indexMemory = 512L << 20;
    private int indexPagesPerFile;
    private Map<String, String> replicas = Map.of();
    private boolean adopt;
    private BlockFiles files;
    private Clocks clocks;
    private Entropy entropy;
    private CounterFactory counters;
    private Links links;
    private ExportServer exports = new NoExports();
    private InetSocketAddress nbdAddress;

    /** Reads every setting. */
    public MasterTargetContext configure(final Settings settings) {
        dataDirectory = settings.path(DATA_DIRECTORY_PROP_NAME, DATA_DIRECTORY_DEFAULT);
        endpoint = settings.text(LISTEN_PROP_NAME, LISTEN_DEFAULT);
        checkEndpoint(settings);
        machines = machines(settings);
        machinesMax = settings.count(MACHINES_MAX_PROP_NAME, MACHINES_MAX_DEFAULT, 1, MACHINES_MAX);
        applyMemory =
                (int) settings.bytes(APPLY_MEMORY_PROP_NAME, APPLY_MEMORY_DEFAULT, APPLY_MEMORY_MIN, APPLY_MEMORY_MAX);
        directMemory =
                settings.bytes(DIRECT_MEMORY_PROP_NAME, DIRECT_MEMORY_DEFAULT, DIRECT_MEMORY_MIN, DIRECT_MEMORY_MAX);
        final JournalContext journal = new JournalContext().configure(settings);
        segmentLength = journal.segmentLength();
        journalLimit = journal.limit();
        retentionWindowNs = settings.durationNs(
                RETENTION_WINDOW_PROP_NAME, RETENTION_WINDOW_DEFAULT, 0, RetentionPolicy.WINDOW_NS_MAX);
        indexMemory = settings.bytes(INDEX_MEMORY_PROP_NAME, INDEX_MEMORY_DEFAULT, INDEX_MEMORY_MIN, INDEX_MEMORY_MAX);
        viewMemory = settings.bytes(VIEW_MEMORY_PROP_NAME, VIEW_MEMORY_DEFAULT, 0, VIEW_MEMORY_MAX);
        nbdAddress = nbdAddress(settings);
        replicas = settings.group(REPLICA_PROP_NAME);
        replicas.forEach((name, path) -> settings.toPath(REPLICA_PROP_NAME + "." + name, path));
        adopt = settings.flag(ADOPT_PROP_NAME, false);
        return this;
    }

    private void checkEndpoint(final Settings settings) {
        final int colon = endpoint.lastIndexOf(':');
        final String port = endpoint.substring(colon + 1);
        final boolean number =
                !port.isEmpty() && port.length() <= 5 && port.chars().allMatch(Character::isDigit);
        if (colon < 1 || !number || Integer.parseInt(port) < 1 || Integer.parseInt(port) > PORT_MAX) {
            throw settings.bad(
                    LISTEN_PROP_NAME, endpoint, "must be host:port, port 1 to " + PORT_MAX + "; port + 1 is used too");
        }
    }

    private static InetSocketAddress nbdAddress(final Settings settings) {
        final String text = settings.text(NBD_LISTEN_PROP_NAME, "");
        if (text.isEmpty()) {
            return null;
        }
        final int colon = text.lastIndexOf(':');
        final String port = text.substring(colon + 1);
        if (colon < 1 || !port.matches("\\d{1,5}") || Integer.parseInt(port) > PORT_MAX + 1) {
            throw settings.bad(NBD_LISTEN_PROP_NAME, text, "must be address:port of loopback, as 127.0.0.1:10809");
        }
        final InetSocketAddress address = new InetSocketAddress(text.substring(0, colon), Integer.parseInt(port));
        if (address.isUnresolved() || !address.getAddress().isLoopbackAddress()) {
            throw settings.bad(
                    NBD_LISTEN_PROP_NAME, text, "must be loopback: clients are not asked who they are; use a tunnel");
        }
        return address;
    }

    private static Set<String> machines(final Settings settings) {
        final String text = settings.requiredText(MACHINES_PROP_NAME);
        final Set<String> machines = new TreeSet<>();
        for (final String machine : text.split("[,\\s]+", -1)) {
            if (!machine.equals(ReceiveContext.ANY_MACHINE) && !machine.matches("[0-9a-f]{" + MACHINE_DIGITS + "}")) {
                throw settings.bad(
                        MACHINES_PROP_NAME,
                        text,
                        "must list machine ids of " + MACHINE_DIGITS + " hexadecimal digits, or be *");
            }
            machines.add(machine);
        }
        return machines;
    }

    /** Checks that nothing is missing. */
    public MasterTargetContext conclude() {
        if (files == null || clocks == null || entropy == null || counters == null || links == null) {
            throw new IllegalStateException("master target context lacks files, clocks, entropy, counters or links");
        }
        if (machines.isEmpty()) {
            throw new IllegalStateException("master target context lets no machine in");
        }
        return this;
    }

    public MasterTargetContext files(final BlockFiles value) {
        files = value;
        return this;
    }

    public MasterTargetContext clocks(final Clocks value) {
        clocks = value;
        return this;
    }

    public MasterTargetContext entropy(final Entropy value) {
        entropy = value;
        return this;
    }

    public MasterTargetContext counters(final CounterFactory value) {
        counters = value;
        return this;
    }

    /** The network; closed with the receiving agent. */
    public MasterTargetContext links(final Links value) {
        links = value;
        return this;
    }

    public MasterTargetContext dataDirectory(final Path value) {
        dataDirectory = value;
        return this;
    }

    public MasterTargetContext machines(final Set<String> value) {
        machines = Set.copyOf(value);
        return this;
    }

    public MasterTargetContext machinesMax(final int value) {
        machinesMax = value;
        return this;
    }

    /** Bytes, 4 to 256 MiB. */
    public MasterTargetContext applyMemory(final int value) {
        applyMemory = value;
        return this;
    }

    /** Bytes. */
    public MasterTargetContext directMemory(final long value) {
        directMemory = value;
        return this;
    }

    /** Lengths of a journal's segment and of all of them, bytes. */
    public MasterTargetContext journal(final int newSegmentLength, final long newLimit) {
        segmentLength = newSegmentLength;
        journalLimit = newLimit;
        return this;
    }

    /** How far back points are kept, nanoseconds; 0 keeps nothing. */
    public MasterTargetContext retentionWindowNs(final long value) {
        retentionWindowNs = value;
        return this;
    }

    /** Memory for pages of version files, bytes. */
    public MasterTargetContext indexMemory(final long value) {
        indexMemory = value;
        return this;
    }

    /** Length of a version file in pages of 4 KiB; 0 for the default. */
    public MasterTargetContext indexPagesPerFile(final int value) {
        indexPagesPerFile = value;
        return this;
    }

    /** Bytes for frames that were unpacked for views, of all streams; 0 leaves each with the little of its own. */
    public MasterTargetContext viewMemory(final long value) {
        viewMemory = value;
        return this;
    }

    /** Paths of replicas by volume or machine.volume. */
    public MasterTargetContext replicas(final Map<String, String> value) {
        replicas = Map.copyOf(value);
        return this;
    }

    public MasterTargetContext adopt(final boolean value) {
        adopt = value;
        return this;
    }

    public Path dataDirectory() {
        return dataDirectory;
    }

    public String endpoint() {
        return endpoint;
    }

    public Set<String> machines() {
        return machines;
    }

    public int machinesMax() {
        return machinesMax;
    }

    public int applyMemory() {
        return applyMemory;
    }

    public long directMemory() {
        return directMemory;
    }

    public Map<String, String> replicas() {
        return replicas;
    }

    public boolean adopt() {
        return adopt;
    }

    public BlockFiles files() {
        return files;
    }

    public Clocks clocks() {
        return clocks;
    }

    public CounterFactory counters() {
        return counters;
    }

    public Links links() {
        return links;
    }

    /** Where views are served; nowhere by default. */
    public MasterTargetContext exports(final ExportServer value) {
        exports = value;
        return this;
    }

    ExportServer exports() {
        return exports;
    }

    Entropy entropy() {
        return entropy;
    }

    /** Where views are served over TCP, or null. */
    InetSocketAddress nbdAddress() {
        return nbdAddress;
    }

    /** How streams keep their past. */
    HistorySettings historySettings() {
        final long files = indexMemory / machinesMax / INDEX_FILE_LENGTH;
        final int residentFiles = (int) Math.max(INDEX_FILES_MIN, Math.min(INDEX_FILES_MAX, files));
        return new HistorySettings(retentionWindowNs, indexPagesPerFile, residentFiles, new FrameMemory(viewMemory));
    }

    /** A journal context with this role's lengths and seams. */
    JournalContext newJournalContext() {
        return new JournalContext()
                .clocks(clocks)
                .entropy(entropy)
                .segmentLength(segmentLength)
                .limit(journalLimit);
    }
}
