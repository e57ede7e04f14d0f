package org.farshore.tests.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.farshore.tests.lab.Await;
import org.farshore.tests.lab.DirectDisk;
import org.farshore.tests.lab.FarshoreLab;
import org.farshore.tests.lab.Features;
import org.farshore.tests.lab.LoopDevice;
import org.farshore.tests.lab.NetworkPair;
import org.farshore.tests.lab.PrivilegedSystemTest;
import org.farshore.tests.lab.Shell;
import org.junit.jupiter.api.Test;

/**
 * The lines of README's "Protect a disk by hand" as they stand there, the agent on one machine and the other two roles on
 * another. Replaced are only the device, the directory, the address and the instance names.
 */
@PrivilegedSystemTest
class ByHandSystemTest {
    private static final String NAME = "ByHandSystemTest";
    private static final Duration LIMIT = Duration.ofSeconds(60);

    @Test
    void readmeProtectsADiskAcrossTwoMachines() throws IOException, InterruptedException {
        Features.requireEbpf(NAME);
        Features.requireNetworkNamespaces(NAME);
        try (FarshoreLab lab = FarshoreLab.create("byhand")) {
            final NetworkPair network = lab.network();
            final LoopDevice disk = lab.memoryLoop("disk", 64 << 20);
            final List<String> lines = readmeLines();
            assertThat(lines).hasSizeLessThanOrEqualTo(12);
            final Path work = lab.directory().resolve("farshore");
            final Path script = lab.directory().resolve("by-hand.sh");
            Files.writeString(script, adapted(String.join("\n", lines), lab, network, disk, work));
            final Process shell = new ProcessBuilder("bash", "-e", script.toString())
                    .directory(FarshoreLab.root().toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(lab.directory().resolve("by-hand.log").toFile())
                    .start();
            lab.onClose(() -> endAll(shell));
            // No counters are used here: what a person has is the replica file.
            awaitEqual(lab, disk, work, "the initial copy by hand");
            Shell.must("mkfs.ext4", "-q", "-F", disk.path().toString());
            Shell.must("sync");
            awaitEqual(lab, disk, work, "mkfs.ext4 by hand");
            endAll(shell);
            Shell.script("cd " + FarshoreLab.root() + " && ./farshore agent --config " + work
                    + "/agent.properties --detach");
        }
    }

    private static void endAll(final Process shell) throws InterruptedException {
        shell.descendants().forEach(ProcessHandle::destroy);
        Await.until("the roles have ended", LIMIT, () -> shell.descendants().noneMatch(ProcessHandle::isAlive));
        shell.destroyForcibly().waitFor();
    }

    private static void awaitEqual(final FarshoreLab lab, final LoopDevice disk, final Path work, final String after) {
        Await.until(
                "the copy is equal after " + after,
                LIMIT,
                () -> {
                    final Path replica = replica(work);
                    return replica != null
                            && DirectDisk.compare(disk.path(), replica).equal();
                },
                () -> Shell.attempt(
                                "cat", lab.directory().resolve("by-hand.log").toString())
                        .output());
        System.out.println("EQUAL after " + after + " across two network namespaces");
    }

    private static Path replica(final Path work) {
        final String found = Shell.attempt("find", work.resolve("target").toString(), "-name", "replica.img")
                .output()
                .strip();
        return found.isEmpty() ? null : Path.of(found);
    }

    private static List<String> readmeLines() throws IOException {
        final String readme = Files.readString(FarshoreLab.root().resolve("README.md"));
        final Matcher block = Pattern.compile("## Protect a disk by hand.*?```sh\n(.*?)```", Pattern.DOTALL)
                .matcher(readme);
        assertThat(block.find()).as("README has the section and its lines").isTrue();
        return block.group(1).lines().toList();
    }

    private static String adapted(
            final String lines,
            final FarshoreLab lab,
            final NetworkPair network,
            final LoopDevice disk,
            final Path work) {
        final String address = network.farAddress();
        String script = lines.replace("D=/tmp/farshore", "D=" + work)
                .replace("/dev/sdX", disk.path().toString())
                .replace("process-server=127.0.0.1", "process-server=" + address)
                .replace("process-server.listen=127.0.0.1", "process-server.listen=" + address)
                .replace("./farshore agent", network.enterNear() + " ./farshore agent")
                .replace("./farshore process-server", network.enterFar() + " ./farshore process-server")
                .replace("./farshore master-target", network.enterFar() + " ./farshore master-target")
                .replace("./farshore stat --watch", "wait");
        for (final String first : List.of(
                "\"farshore.agent.data.directory",
                "'farshore.process-server.listen",
                "\"farshore.master-target.data.directory")) {
            final String role = first.substring(1).split("\\.", 3)[1];
            script = script.replace(first, "farshore." + role + ".instance=" + lab.instance() + " " + first);
        }
        return script + "\n";
    }
}
