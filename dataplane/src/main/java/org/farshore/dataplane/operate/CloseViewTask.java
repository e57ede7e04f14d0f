package org.farshore.dataplane.operate;

import java.util.List;
import org.farshore.dataplane.codecs.failover.ViewPurpose;
import org.farshore.dataplane.command.Cell;
import org.farshore.dataplane.command.CommandReply;
import org.farshore.dataplane.command.CommandRequest;
import org.farshore.dataplane.failover.ViewReport;
import org.farshore.dataplane.runtime.ExitCode;

/** {@code view-close} and {@code test-failover-cleanup}: closes a view and looks whether anything of it is left. */
final class CloseViewTask extends StagedTask {
    private final String wanted;
    private final boolean isTest;

    CloseViewTask(final Operator operator, final CommandRequest request, final boolean isTest) {
        super(operator);
        this.isTest = isTest;
        wanted = isTest ? request.find("view") : request.require("view");
    }

    @Override
    Stage begin(final CommandReply reply) {
        return await(operator().failoverAgent().views(), this::close);
    }

    private Stage close(final List<ViewReport> views) {
        final List<ViewReport> found = views.stream()
                .filter(view -> !isTest || view.purpose() == ViewPurpose.TEST)
                .filter(view -> wanted == null || view.id().equals(wanted))
                .toList();
        if (found.size() != 1) {
            final String what = isTest ? "test failover" : "view";
            return found.isEmpty()
                    ? end(ExitCode.NO, "there is no " + what + (wanted == null ? "" : " " + wanted))
                    : end(
                            ExitCode.USAGE,
                            "which " + what + "? one of "
                                    + found.stream().map(ViewReport::id).toList());
        }
        final ViewReport view = found.get(0);
        return await(
                operator().failoverAgent().closeView(view.machine(), view.id()),
                closed -> await(
                        operator().failoverAgent().residue(view.machine(), view), residue -> proved(view, residue)));
    }

    private Stage proved(final ViewReport view, final List<String> residue) {
        row(
                Cell.text("view", view.id()),
                Cell.text("state", "closed"),
                Cell.count("residue", residue.size()),
                Cell.text("left", String.join(", ", residue)));
        return residue.isEmpty()
                ? end(ExitCode.OK, "")
                : end(ExitCode.NO, "something of view " + view.id() + " is left: " + residue);
    }
}
