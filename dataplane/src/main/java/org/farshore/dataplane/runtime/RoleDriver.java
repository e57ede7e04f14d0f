package org.farshore.dataplane.runtime;

import io.aeron.Aeron;
import io.aeron.CncFileDescriptor;
import io.aeron.CommonContext;
import io.aeron.driver.MediaDriver;
import io.aeron.driver.ThreadingMode;
import io.aeron.status.PublicationErrorFrame;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongConsumer;
import org.agrona.ErrorHandler;
import org.agrona.IoUtil;
import org.agrona.concurrent.AgentInvoker;

/**
 * The network engine of a role: an embedded Aeron media driver with one thread, a client without a thread of its own,
 * the counters, and the distinct error log, all in one directory in memory.
 *
 * <p><strong>What is set otherwise than Aeron would.</strong> Both ends must notice a killed peer within 5 s, so image
 * liveness and publication connection are 5 s. The client may rest as long as it likes (a stopped process that goes on, a
 * slow start): its liveness would only guard against a client in another process, and there is none. Small streams name
 * their own small terms; what names none gets 4 MiB. Files are sparse, so that memory follows use. The directory
 * is refused only when a process that is alive keeps it up to date: after a kill the role starts again at once.
 *
 * <p>The client's conductor is run by {@link #conductor()} from the role's duty cycle. Methods of {@link #aeron()} are
 * guarded by a lock, so that other threads of the role may use it too.
 */
public final class RoleDriver implements AutoCloseable {
    /** Length of a term where a stream does not name its own; three make a log. */
    public static final int TERM_LENGTH = 4 << 20;
    /** A peer silent for so long is lost. */
    public static final long LIVENESS_TIMEOUT_NS = TimeUnit.SECONDS.toNanos(5);

    private static final long LINGER_TIMEOUT_NS = TimeUnit.SECONDS.toNanos(1);
    /** Bytes in one cycle of the driver that are load: more than heartbeats, status messages and acknowledgements. */
    private static final int LOAD_FLOOR = 256;
    /** Bytes in one cycle of the driver for which it wakes the role's threads: more than one heartbeat. */
    private static final int TALK_FLOOR = 64;

    /** Room for 8,192 counters, the least Aeron takes; with their labels 5 MiB of memory, Aeron's default takes 40. */
    private static final int COUNTER_VALUES_LENGTH = 1 << 20;

    private static final long CLIENT_TIMEOUT_NS = TimeUnit.HOURS.toNanos(24);
    private static final long HEARTBEAT_TIMEOUT_MS = 10_000;
    private static final long FAREWELL_NS = TimeUnit.MILLISECONDS.toNanos(300);

    private final RoleDriverContext context;
    private final MediaDriver driver;
    private final Aeron aeron;
    private final AeronCounters counters;
    private final Refusals refusals;
    private boolean isClosed;

    /** Tells whoever wants to know that a receiver refuses a publication. */
    private static final class Refusals {
        private volatile LongConsumer handler = registrationId -> {};

        void onErrorFrame(final PublicationErrorFrame frame) {
            handler.accept(frame.registrationId());
        }
    }

    private RoleDriver(
            final RoleDriverContext context, final MediaDriver driver, final Aeron aeron, final Refusals refusals) {
        this.context = context;
        this.driver = driver;
        this.aeron = aeron;
        this.refusals = refusals;
        this.counters = new AeronCounters(driver.context().countersManager());
        counters.newCounter(ReplicationCounter.ROLE_PID, context.role())
                .setRelease(ProcessHandle.current().pid());
    }

    /**
     * Starts the engine.
     *
     * @param context concluded.
     * @throws FarshoreException UNAVAILABLE when a living process has the directory.
     */
    public static RoleDriver launch(final RoleDriverContext context) {
        refuseIfAlive(context);
        IoUtil.delete(context.directory().toFile(), true);
        final SocketLimits limits = context.socketLimits();
        final MediaDriver.Context driverContext = new MediaDriver.Context()
                .aeronDirectoryName(context.directory().toString())
                .threadingMode(ThreadingMode.SHARED)
                .sharedIdleStrategy(context.restGroup().newStrategy(LOAD_FLOOR, TALK_FLOOR))
                .asyncExecutorIdleStrategy(new RestingIdleStrategy())
                .dirDeleteOnStart(true)
                .dirDeleteOnShutdown(false)
                .spiesSimulateConnection(false)
                .termBufferSparseFile(true)
                .performStorageChecks(false)
                .publicationTermBufferLength(TERM_LENGTH)
                .ipcTermBufferLength(64 << 10)
                .socketRcvbufLength(limits.receiveLength())
                .socketSndbufLength(limits.sendLength())
                .initialWindowLength(limits.windowLength())
                .imageLivenessTimeoutNs(LIVENESS_TIMEOUT_NS)
                .publicationConnectionTimeoutNs(LIVENESS_TIMEOUT_NS)
                .publicationLingerTimeoutNs(LINGER_TIMEOUT_NS)
                .clientLivenessTimeoutNs(CLIENT_TIMEOUT_NS)
                .publicationUnblockTimeoutNs(2 * CLIENT_TIMEOUT_NS)
                .useConcurrentCountersManager(true)
                .counterValuesBufferLength(COUNTER_VALUES_LENGTH)
                .counterFreeToReuseTimeoutNs(TimeUnit.SECONDS.toNanos(1))
                .errorHandler(new NewCauseLog(context.role()));
        final MediaDriver driver = MediaDriver.launch(driverContext);
        final Refusals refusals = new Refusals();
        final Aeron aeron;
        try {
            aeron = Aeron.connect(new Aeron.Context()
                    .aeronDirectoryName(context.directory().toString())
                    .useConductorAgentInvoker(true)
                    .clientLock(new ReentrantLock())
                    .driverTimeoutMs(TimeUnit.NANOSECONDS.toMillis(CLIENT_TIMEOUT_NS))
                    .keepAliveIntervalNs(TimeUnit.SECONDS.toNanos(1))
                    .resourceLingerDurationNs(TimeUnit.MILLISECONDS.toNanos(100))
                    .publicationErrorFrameHandler(refusals::onErrorFrame)
                    .subscriberErrorHandler(driverContext.countedErrorHandler())
                    .errorHandler(driverContext.countedErrorHandler()));
        } catch (final RuntimeException e) {
            driver.close();
            throw e;
        }
        return new RoleDriver(context, driver, aeron, refusals);
    }

    /** The client of this role. */
    public Aeron aeron() {
        return aeron;
    }

    /** The client's conductor, to be invoked in a duty cycle of the role. */
    public AgentInvoker conductor() {
        return aeron.conductorAgentInvoker();
    }

    /** Who is told, by the thread of {@link #conductor()}, the registration id of a publication that a receiver refuses. */
    public void onRefusal(final LongConsumer handler) {
        refusals.handler = handler;
    }

    /** Makes counters in the directory. */
    public CounterFactory counters() {
        return counters;
    }

    /** Counts an error, keeps it once per distinct cause in the directory, and logs a cause that is new. Any thread. */
    public ErrorHandler errorHandler() {
        return driver.context().countedErrorHandler();
    }

    /** What the engine was made from. */
    public RoleDriverContext context() {
        return context;
    }

    /**
     * Ends the engine and removes its directory. Streams closed just before still get what they held and the end of
     * stream across: it waits 300 ms. No counter may be used afterwards.
     */
    @Override
    public void close() {
        close(false);
    }

    /** Ends the engine at once and leaves counters and error log in the directory, for a look after a failure. */
    public void closeKeepingDirectory() {
        close(true);
    }

    private void close(final boolean keepDirectory) {
        if (isClosed) {
            return;
        }
        isClosed = true;
        aeron.close();
        if (!keepDirectory) {
            LockSupport.parkNanos(FAREWELL_NS);
        }
        driver.close();
        if (!keepDirectory) {
            IoUtil.delete(context.directory().toFile(), true);
        }
    }

    private static void refuseIfAlive(final RoleDriverContext context) {
        final Path cnc = context.directory().resolve(CncFileDescriptor.CNC_FILE);
        if (!Files.exists(cnc)) {
            return;
        }
        final boolean beating =
                CommonContext.isDriverActive(context.directory().toFile(), HEARTBEAT_TIMEOUT_MS, text -> {});
        if (!beating) {
            return;
        }
        try (CounterReader reader = CounterReader.open(context.directory())) {
            if (reader.isProcessAlive()) {
                throw new FarshoreException(
                        ExitCode.UNAVAILABLE,
                        "process " + reader.pid() + " already is the " + context.role() + " " + context.instance()
                                + " ("
                                + context.directory() + "): stop it or name another farshore." + context.role()
                                + ".instance");
            }
        }
    }
}
