package org.farshore.dataplane.runtime;

import java.nio.file.Path;

/** What the network engine of a role is made from. Setters, then {@link #conclude()} once. */
public final class RoleDriverContext {
    /** Where the directories of roles lie: memory, never a disk, never {@code /tmp}. */
    public static final Path PARENT_DIRECTORY = Path.of("/dev/shm");
    /** Key of the name that tells processes of one role on one machine apart. */
    public static final String INSTANCE_PROP_NAME = "instance";
    /** Name of the only instance. */
    public static final String INSTANCE_DEFAULT = "0";
    /** Key of the directory of counters and network buffers. */
    public static final String DIRECTORY_PROP_NAME = "aeron.directory";
    /** Key of the longest datagram in bytes towards other machines. */
    public static final String MTU_PROP_NAME = "mtu";
    /** What passes every Ethernet. */
    public static final String MTU_DEFAULT = "1408";
    /** The largest datagram; used on loopback always. */
    public static final int MTU_LENGTH_MAX = 65_504;

    private static final int MTU_LENGTH_MIN = 544;
    private static final int MTU_ALIGNMENT = 32;

    private final String role;
    private String instance = INSTANCE_DEFAULT;
    private Path directory;
    private int mtuLength = Integer.parseInt(MTU_DEFAULT);
    private SocketLimits socketLimits;
    private RestGroup restGroup = new RestGroup();

    /** For a role, as {@code process-server}. */
    public RoleDriverContext(final String role) {
        this.role = role;
    }

    /** Reads {@code instance}, {@code aeron.directory} and {@code mtu} of the role. */
    public static RoleDriverContext from(final String role, final Settings settings) {
        final RoleDriverContext context = new RoleDriverContext(role);
        context.instance(settings.text(INSTANCE_PROP_NAME, INSTANCE_DEFAULT));
        context.checkInstance();
        context.directory(
                settings.path(DIRECTORY_PROP_NAME, context.defaultDirectory().toString()));
        final long mtu = settings.bytes(MTU_PROP_NAME, MTU_DEFAULT, MTU_LENGTH_MIN, MTU_LENGTH_MAX);
        if (mtu % MTU_ALIGNMENT != 0) {
            throw settings.bad(MTU_PROP_NAME, Long.toString(mtu), "must be a multiple of " + MTU_ALIGNMENT);
        }
        return context.mtuLength((int) mtu);
    }

    /** Fills what was not set and checks the rest. */
    public RoleDriverContext conclude() {
        checkInstance();
        if (directory == null) {
            directory = defaultDirectory();
        }
        if (directory.startsWith("/tmp")) {
            throw new FarshoreException(
                    ExitCode.CONFIGURATION,
                    "aeron.directory=" + directory + " of " + role + " must not lie under /tmp: name one in /dev/shm");
        }
        if (socketLimits == null) {
            socketLimits = SocketLimits.probe();
        }
        return this;
    }

    /** It becomes a part of a path. */
    private void checkInstance() {
        if (!instance.matches("[A-Za-z0-9._-]{1,64}")) {
            throw new FarshoreException(
                    ExitCode.CONFIGURATION,
                    "instance=" + instance + " of " + role
                            + " must be 1 to 64 letters, digits, dots, dashes or underscores");
        }
    }

    /** Name of the role. */
    public String role() {
        return role;
    }

    /** Name among the processes of this role on this machine. */
    public String instance() {
        return instance;
    }

    /** See {@link #instance()}. */
    public RoleDriverContext instance(final String name) {
        this.instance = name;
        return this;
    }

    /** Where counters and network buffers lie; emptied at start. */
    public Path directory() {
        return directory;
    }

    /** See {@link #directory()}. */
    public RoleDriverContext directory(final Path path) {
        this.directory = path;
        return this;
    }

    /** Longest datagram in bytes on channels that leave the machine. */
    public int mtuLength() {
        return mtuLength;
    }

    /** See {@link #mtuLength()}. */
    public RoleDriverContext mtuLength(final int length) {
        this.mtuLength = length;
        return this;
    }

    /** What the kernel grants to sockets. */
    public SocketLimits socketLimits() {
        return socketLimits;
    }

    /** See {@link #socketLimits()}; probed when not set. */
    public RoleDriverContext socketLimits(final SocketLimits limits) {
        this.socketLimits = limits;
        return this;
    }

    /** The threads that the engine's own thread wakes when something has arrived, and that wake it to send. */
    public RestGroup restGroup() {
        return restGroup;
    }

    /** See {@link #restGroup()}. */
    public RoleDriverContext restGroup(final RestGroup group) {
        this.restGroup = group;
        return this;
    }

    private Path defaultDirectory() {
        return PARENT_DIRECTORY.resolve("farshore-" + role + "-" + instance);
    }
}
