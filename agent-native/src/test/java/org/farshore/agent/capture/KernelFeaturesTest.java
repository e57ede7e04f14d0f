package org.farshore.agent.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KernelFeaturesTest {
    private static final int ORDINARY_USER = 23_456;
    private static final long MIB = 1L << 20;

    @TempDir
    Path folder;

    @Test
    void namesEverythingThatIsMissingAndWhatToDo() {
        // A directory that lies on no bpffs is always missing here.
        assertThatThrownBy(() -> KernelFeatures.require(folder.resolve("machine")))
                .isInstanceOfSatisfying(
                        FarshoreException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.PRIVILEGE))
                .hasMessageContaining("mount -t bpf bpf /sys/fs/bpf")
                .hasMessageContaining("mkdir -p " + folder);
    }

    @Test
    void hasARemedyForEachFeature() {
        assertThat(KernelFeatures.probe(folder.resolve("machine")))
                .isNotEmpty()
                .allSatisfy(feature -> assertThat(
                                feature.present() || !feature.remedy().isEmpty())
                        .as(feature.name())
                        .isTrue());
    }

    @Test
    @Tag("privileged")
    void twoCapabilitiesAndADirectoryAreEnough() throws Exception {
        assumeTrue(LinuxCalls.geteuid() == 0, "needs root");
        assumeTrue(Shell.has("setpriv"), "needs setpriv");
        try (CaptureRig rig = new CaptureRig(1 << 20, MIB)) {
            final String device = rig.loop("a", 32 * MIB);
            final Path parent = rig.bpf().resolveSibling("user");
            Shell.run("chmod 755 " + rig.folder() + " && mkdir " + parent + " && chown " + ORDINARY_USER + " " + parent
                    + " && chmod o+r " + device);
            rig.onClose(() -> Shell.run("chmod o-r " + device + "; rm -rf " + parent));
            copyClassPath(rig.folder().resolve("lib"));

            final String refused = run(rig, parent, device, "");
            assertThat(refused)
                    .contains("exit 77")
                    .contains("CAP_BPF")
                    .contains("CAP_PERFMON")
                    .contains("setpriv");

            final String caps = "--inh-caps=-all,+bpf,+perfmon --ambient-caps=-all,+bpf,+perfmon --no-new-privs";
            assertThat(run(rig, parent, device, caps))
                    .contains("begun as " + ORDINARY_USER)
                    .contains("captured " + 4 * MIB)
                    .contains("exit 0");
            assertThat(run(rig, parent, device, caps))
                    .contains("resumed as " + ORDINARY_USER)
                    .contains("captured " + 4 * MIB);
        }
    }

    /** Captures 4 MiB that are written by root as soon as the capture is there. */
    private static String run(final CaptureRig rig, final Path parent, final String device, final String capabilities)
            throws IOException, InterruptedException {
        final String java = ProcessHandle.current().info().command().orElse("java");
        final Path out = rig.folder().resolve("out");
        Files.deleteIfExists(out);
        final String script = "setpriv --reuid=" + ORDINARY_USER + " --regid=" + ORDINARY_USER + " --clear-groups "
                + capabilities + " " + java + " --add-opens=java.base/jdk.internal.misc=ALL-UNNAMED -Xmx64m -cp '"
                + rig.folder() + "/lib/*:" + rig.folder() + "/lib' " + UnprivilegedCapture.class.getName() + " "
                + parent
                + "/machine " + device + " " + 4 * MIB + " > " + out + " 2>&1 && code=0 || code=$?; echo exit $code >> "
                + out;
        final Process process = Shell.start(script);
        while (process.isAlive() && !Files.readString(waitFor(out, process)).contains(" as ")) {
            process.waitFor(50, TimeUnit.MILLISECONDS);
        }
        if (process.isAlive()) {
            Shell.run("dd if=/dev/urandom of=" + device + " bs=64K count=64 oflag=direct status=none");
        }
        process.waitFor(30, TimeUnit.SECONDS);
        return Files.readString(out);
    }

    private static Path waitFor(final Path out, final Process process) throws InterruptedException {
        while (!Files.exists(out) && process.isAlive()) {
            process.waitFor(20, TimeUnit.MILLISECONDS);
        }
        return out;
    }

    /** The developer's class path may lie where the ordinary user cannot look. */
    private static void copyClassPath(final Path to) {
        final String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        Shell.run("mkdir " + to);
        for (final String entry : classPath.split(File.pathSeparator)) {
            if (entry.matches(".*/(jna|agrona)-[0-9.]+\\.jar") || entry.matches(".*farshore-dataplane.*\\.jar")) {
                Shell.run("cp " + entry + " " + to);
            } else if (entry.endsWith("classes")) {
                Shell.run("cp -r " + entry + "/. " + to);
            }
        }
        Shell.run("chmod -R a+rX " + to);
    }
}
