// handshake interface of handshake
module handshake (
    input wire clk,
    input wire rst,
    input wire valid_in,
    output wire ready_in,
    input wire [19:0] x,
    output wire valid_out,
    input wire ready_out,
    output wire [1:0] class_index,
    output wire [17:0] scores,
    output wire [4:0] margin
);
    reg hold;  // a result waits in held

    reg flow;  // no result waits: the pipeline moves
    wire advance = flow;
    wire result_valid;
    wire [24:0] result;
    handshake_pipeline pipeline (
        .clk(clk), .rst(rst), .enable(advance), .valid_in(valid_in), .x(x),
        .valid_out(result_valid), .class_index(result[1:0]), .scores(result[19:2]),
        .margin(result[24:20])
    );

    reg [24:0] held;
    wire [24:0] given = hold ? held : result;
    assign valid_out = hold | result_valid;
    always @(posedge clk)
        begin
            hold <= ~rst & valid_out & ~ready_out;
            flow <= rst | ~valid_out | ready_out;
        end
    always @(posedge clk)
        if (advance) held <= result;

    assign ready_in = ~hold;
    assign class_index = given[1:0];
    assign scores = given[19:2];
    assign margin = given[24:20];
endmodule
