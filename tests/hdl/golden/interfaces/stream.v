// stream interface of stream
module stream (
    input wire clk,
    input wire rst,
    input wire enable,
    input wire [7:0] s_axis_tdata,
    input wire s_axis_tvalid,
    output wire s_axis_tready,
    input wire s_axis_tlast,
    output wire [39:0] m_axis_tdata,
    output wire m_axis_tvalid,
    input wire m_axis_tready,
    output wire m_axis_tlast,
    output wire bad_packet,
    output wire error,
    input wire error_clear
);
    reg hold;  // a result waits in held

    reg full;  // a whole sample waits for the pipeline
    reg skip;  // what comes is the rest of a long packet
    reg dropped;  // a bad packet, just now
    reg failed;  // a bad packet since failed was cleared
    assign s_axis_tready = ~(full & hold);
    wire take = s_axis_tvalid & s_axis_tready;
    wire counts = take & ~skip;
    reg [1:0] beat;
    wire at_end = beat == 2'd2;
    always @(posedge clk)
        if (rst | enable) begin
            if (rst | take & s_axis_tlast) beat <= 2'd0;
            else if (counts) beat <= beat + 2'd1;
        end
    wire good = counts & s_axis_tlast & at_end;
    wire bad = counts & (s_axis_tlast ^ at_end);
    always @(posedge clk)
        if (rst | enable) begin
            full <= ~rst & (good | full & hold);
            skip <= ~rst & (take ? ~s_axis_tlast & (skip | at_end) : skip);
            dropped <= ~rst & bad;
            failed <= ~rst & (bad | failed & ~error_clear);
        end
    assign bad_packet = dropped;
    assign error = failed;
    reg [7:0] last;
    reg [15:0] earlier;
    reg shift;  // last holds a beat that is not the last one
    always @(posedge clk)
        if (rst | enable) shift <= ~rst & take & ~s_axis_tlast;
    always @(posedge clk) begin
        if (enable & take) last <= s_axis_tdata;
        if (enable & shift) earlier <= {last, earlier[15:8]};
    end

    reg flow;  // no result waits: the pipeline moves
    wire advance = enable & flow;
    wire result_valid;
    wire [24:0] result;
    stream_pipeline pipeline (
        .clk(clk), .rst(rst), .enable(advance), .valid_in(full), .x({last[3:0], earlier}),
        .valid_out(result_valid), .class_index(result[1:0]), .scores(result[19:2]),
        .margin(result[24:20])
    );

    reg [24:0] held;
    wire [24:0] given = hold ? held : result;
    assign m_axis_tvalid = hold | result_valid;
    always @(posedge clk)
        if (rst | enable) begin
            hold <= ~rst & m_axis_tvalid & ~m_axis_tready;
            flow <= rst | ~m_axis_tvalid | m_axis_tready;
        end
    always @(posedge clk)
        if (advance) held <= result;

    assign m_axis_tdata = {
        3'd0, given[24:20], {2{given[19]}}, given[19:14], {2{given[13]}}, given[13:8],
        {2{given[7]}}, given[7:2], 6'd0, given[1:0]
    };
    assign m_axis_tlast = 1'b1;
endmodule
