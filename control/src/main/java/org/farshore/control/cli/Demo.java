package org.farshore.control.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;
import org.farshore.dataplane.runtime.LiveScreen;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * {@code farshore demo}: a disk with a life on it, followed by three real processes, one of which is killed; and a proof
 * that the copy is the same. Whatever ends it, it leaves nothing behind: the clean-up runs in this thread when it can, and
 * from the JVM's shutdown hook when a signal came.
 */
@Command(
        name = "farshore demo",
        mixinStandardHelpOptions = true,
        versionProvider = ProductVersion.class,
        sortOptions = false,
        description = {
            "Protects a real disk with an agent, a process server and a master target, kills the process server in the"
                    + " middle, and proves that the copy is the same.",
            "As root it makes a loop device with ext4 and follows it by eBPF. Without root it follows an image file by"
                    + " comparing checksums, and says what that does not show. Everything is cleaned up, after Ctrl-C too."
        },
        exitCodeListHeading = "Exit codes:%n",
        exitCodeList = {
            "0:everything is equal",
            "1:something differs",
            "2:usage",
            "75:it did not come to a comparison",
            "77:a privilege or kernel feature is missing"
        })
public final class Demo implements Callable<Integer> {
    private static final int STANDARD_OUTPUT = 1;
    private static final int STANDARD_ERROR = 2;
    private static final long UNWIND_LIMIT_MS = 20_000;

    @Mixin
    private final DemoOptions options = new DemoOptions();

    @Spec
    private CommandSpec spec;

    private final CountDownLatch ended = new CountDownLatch(1);
    private volatile boolean signalled;
    private DemoScreen screen;

    /** Runs the command and ends the process with its exit code. */
    public static void main(final String[] arguments) {
        final Demo demo = new Demo();
        final int code = new CommandLine(demo).execute(arguments);
        if (!demo.signalled) {
            System.exit(code);
        }
    }

    @Override
    public Integer call() {
        final String complaint = options.complaint();
        if (!complaint.isEmpty()) {
            throw new ParameterException(spec.commandLine(), complaint);
        }
        final int descriptor = options.json ? STANDARD_ERROR : STANDARD_OUTPUT;
        final PrintStream progress =
                new PrintStream(options.json ? System.err : System.out, false, StandardCharsets.UTF_8);
        screen = new DemoScreen(
                new LiveScreen(progress, LiveScreen.isTerminal(descriptor)), LiveScreen.wantsColour(descriptor));
        try {
            return withSite(DemoSite.prepare(options, screen));
        } catch (final FarshoreException e) {
            return failed("", e.getMessage(), 0, e.exitCode());
        } catch (final IOException | RuntimeException e) {
            return failed("", e.toString(), 0, ExitCode.UNAVAILABLE);
        }
    }

    private int withSite(final DemoSite site) {
        final DemoCleanup cleanup = new DemoCleanup(
                site.launcher(), site.directory(), site.instance(), site.keep(), text -> screen.alarm(text));
        final Thread hook = new Thread(onSignal(Thread.currentThread(), cleanup), "demo-cleanup");
        Runtime.getRuntime().addShutdownHook(hook);
        final DemoRun run = new DemoRun(options, site, screen);
        try {
            return finish(run, site);
        } finally {
            end(run, cleanup);
        }
    }

    private int finish(final DemoRun run, final DemoSite site) {
        try {
            final DemoReceipt receipt = run.run();
            receipt.lines().forEach(screen::note);
            if (site.keep()) {
                screen.note("  kept             " + site.directory() + ": settings, logs, journal and replicas");
            }
            if (options.json) {
                System.out.println(receipt.json());
            }
            return (receipt.equal() ? ExitCode.OK : ExitCode.NO).code();
        } catch (final InterruptedException e) {
            screen.clear();
            screen.alarm("interrupted; cleaning up");
            return ExitCode.UNAVAILABLE.code();
        } catch (final FarshoreException e) {
            return failed(run, e.getMessage(), e.exitCode());
        } catch (final IOException | RuntimeException e) {
            return failed(run, e instanceof IOException ? e.toString() : e.getMessage(), ExitCode.UNAVAILABLE);
        }
    }

    private int failed(final DemoRun run, final String reason, final ExitCode code) {
        if (signalled) {
            return code.code();
        }
        screen.keep();
        run.lastLines().forEach(screen::note);
        return failed(run.capture(), reason, run.kills(), code);
    }

    private int failed(final String capture, final String reason, final int kills, final ExitCode code) {
        screen.alarm("farshore demo: " + reason);
        if (options.json) {
            System.out.println(DemoReceipt.failureJson(capture, reason, screen.seconds(), kills));
        }
        return code.code();
    }

    /** Runs in the demo's own thread, whatever happened. */
    private void end(final DemoRun run, final DemoCleanup cleanup) {
        // A signal that comes from here on is answered by the hook, which waits for us.
        Thread.interrupted();
        try {
            run.halt();
        } catch (final InterruptedException e) {
            screen.alarm("clean-up goes on");
        }
        Thread.interrupted();
        cleanup.run();
        screen.note("cleaned up");
        ended.countDown();
    }

    /** What a signal does: ends the run, lets it clean up, and cleans up itself should the run be stuck. */
    private Runnable onSignal(final Thread runThread, final DemoCleanup cleanup) {
        return () -> {
            if (ended.getCount() == 0) {
                return;
            }
            signalled = true;
            runThread.interrupt();
            try {
                if (!ended.await(UNWIND_LIMIT_MS, TimeUnit.MILLISECONDS)) {
                    cleanup.run();
                }
            } catch (final InterruptedException e) {
                cleanup.run();
            }
        };
    }
}
